"""A document before it has its number and its place in time's order."""

from dataclasses import dataclass
from typing import Any

from stream.events.supply_chain.document import EventType
from stream.simulation.supply_chain.firm import Firm


@dataclass(slots=True, eq=False)
class Draft:
    """A document to be written.

    Attributes:
        kind: Type of the event.
        issuer: Who numbers it.
        day: When the event happens, days since the start.
        issued: The day that the document bears.
        fields: The rest of what it says, as JSON has it.
        refers: Documents that it names.
        due: Day of payment, if it bears one.
        copied: A document whose number it has, but for an edit.
        edit: Which edit of its number, -1 for none.
        behaviour: Family of fraud or decoy that it is part of; empty for plain trade.
        scheme: Number of the fraud or decoy that it is part of, -1 for plain trade.
        is_act: Whether it is what shows the fraud or the decoy.
        is_paid: Whether money went out, so that some can be lost.
    """

    kind: EventType
    issuer: Firm
    day: float
    issued: int
    fields: dict[str, Any]
    refers: tuple["Draft", ...] = ()
    due: int | None = None
    copied: "Draft | None" = None
    edit: int = -1
    behaviour: str = ""
    scheme: int = -1
    is_act: bool = False
    is_paid: bool = True

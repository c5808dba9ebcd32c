"""A financier pays out."""

from typing import ClassVar, Literal

from stream.events.supply_chain.money_document import MoneyDocument
from stream.events.supply_chain.party import Party
from stream.events.supply_chain.supply_chain_document import MinorUnits


class Drawdown(MoneyDocument):
    """A drawdown.

    Attributes:
        seller: Who gets the money.
        financier: Who pays it, and numbers it.
        buyer: Who is to pay in the end, where one is.
        limit_minor: Most that may be drawn, in the same currency; more than that is taken too, and is for the score.
    """

    issued_by: ClassVar[str] = "financier"

    type: Literal["drawdown"] = "drawdown"
    seller: Party
    financier: Party
    buyer: Party | None = None
    limit_minor: MinorUnits

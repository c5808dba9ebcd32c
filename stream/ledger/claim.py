"""A claim: that a document is financed, or no longer stands. Plain, and never kept."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from stream.events.supply_chain.party import Party


class Kind(IntEnum):
    """What a claim says."""

    REQUEST = 0
    ASSIGNMENT = 1
    CANCELLATION = 2


@dataclass(frozen=True, slots=True)
class Claim:
    """One document that an event finances, or takes back.

    Attributes:
        event_id: The user's identifier of the event.
        position: Which of the event's documents it is, from 0.
        occurred_at_s: Event time, epoch seconds.
        kind: Asked for, made over, or taken back.
        financier: Identifier of who finances it; empty of a cancellation.
        type: Type of the document.
        number: As its issuer numbered it.
        seller: Who is paid.
        buyer: Who owes: the buyer, or the warehouse that holds the goods.
        currency: ISO 4217.
        amount_minor: Of the document, None where it is not told; of a cancellation what is taken back.
        issue_date: Of the document, None where it is not told.
        due_date: Of the document, None where it is not told.
        part_minor: How much of the document is financed where that is declared, None for all of it.
    """

    event_id: str
    position: int
    occurred_at_s: float
    kind: Kind
    financier: str
    type: str
    number: str
    seller: Party
    buyer: Party
    currency: str
    amount_minor: int | None = None
    issue_date: date | None = None
    due_date: date | None = None
    part_minor: int | None = None

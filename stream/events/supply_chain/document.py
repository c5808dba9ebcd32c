"""How a supply-chain document is told from others, and referred to."""

from typing import Literal

from stream.events.supply_chain.identifier import Identifier, comparable
from stream.events.supply_chain.strict import Strict

EventType = Literal[
    "purchase_order", "invoice", "shipment", "warehouse_receipt", "financing_request", "acceptance", "assignment",
    "drawdown", "repayment", "credit_note", "default_notice",
]  # fmt: skip
# Written out again: of a union of literals, an error would name the part rather than the field.
DocumentType = Literal[
    "purchase_order", "invoice", "shipment", "warehouse_receipt", "financing_request", "acceptance", "assignment",
    "drawdown", "repayment", "credit_note", "default_notice", "contract",
]  # fmt: skip


class DocumentReference(Strict):
    """A document, by what names it; it may arrive later, or never.

    Attributes:
        type: Of an event, or `contract`.
        number: As its issuer numbered it.
        issuer: Party identifier of its issuer.
    """

    type: DocumentType
    number: Identifier
    issuer: Identifier

    @property
    def key(self) -> tuple[str, str, str]:
        """Type, number and issuer as they are compared: equal for the same document."""
        return self.type, comparable(self.number), comparable(self.issuer)

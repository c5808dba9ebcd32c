"""A seller asks a financier for money on a document."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from stream.events.supply_chain.document import EventType
from stream.events.supply_chain.money_document import MoneyDocument
from stream.events.supply_chain.party import Party
from stream.events.supply_chain.strict import misfit

Basis = Literal["invoice", "purchase_order", "warehouse_receipt", "reverse_factoring"]
# Reverse factoring pays invoices that the buyer has approved.
FINANCED: dict[Basis, EventType] = {
    "invoice": "invoice",
    "purchase_order": "purchase_order",
    "warehouse_receipt": "warehouse_receipt",
    "reverse_factoring": "invoice",
}


class FinancingRequest(MoneyDocument):
    """A request for financing.

    Attributes:
        basis: On what it is asked; `references` name at least one document of that type.
        seller: Who asks, or for whom the buyer asks, and gets the money.
        financier: Who is asked.
        buyer: Who is to pay in the end; always named but for goods in a warehouse.
        warehouse: Who holds the goods; always named for goods in a warehouse.
    """

    issued_by: ClassVar[str] = "seller"

    type: Literal["financing_request"] = "financing_request"
    basis: Basis
    seller: Party
    financier: Party
    buyer: Party | None = None
    warehouse: Party | None = None

    @model_validator(mode="after")
    def _names_what_it_rests_on(self) -> Self:
        role = "warehouse" if self.basis == "warehouse_receipt" else "buyer"
        if role not in self.parties:
            raise misfit(role, f"must be given where basis is {self.basis}")
        wanted = FINANCED[self.basis]
        if all(reference.type != wanted for reference in self.references):
            raise misfit("references", f"must name at least one {wanted} where basis is {self.basis}")
        return self

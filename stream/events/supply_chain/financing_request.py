"""A seller asks a financier for money on a document."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from stream.events.supply_chain.document import EventType
from stream.events.supply_chain.financed_document import FinancedDocument
from stream.events.supply_chain.money_document import MoneyDocument
from stream.events.supply_chain.party import Party
from stream.events.supply_chain.strict import misfit
from stream.events.supply_chain.supply_chain_document import MOST_REFERENCES

Basis = Literal["invoice", "purchase_order", "warehouse_receipt", "reverse_factoring"]
# Reverse factoring pays invoices that the buyer has approved.
FINANCED: dict[Basis, EventType] = {
    "invoice": "invoice",
    "purchase_order": "purchase_order",
    "warehouse_receipt": "warehouse_receipt",
    "reverse_factoring": "invoice",
}

FinancedDocuments = Annotated[tuple[FinancedDocument, ...], Field(strict=False, max_length=MOST_REFERENCES)]


class FinancingRequest(MoneyDocument):
    """A request for financing.

    Attributes:
        basis: On what it is asked; `references` or `financed` name at least one document of that type.
        seller: Who asks, or for whom the buyer asks, and gets the money.
        financier: Who is asked.
        buyer: Who is to pay in the end; always named but for goods in a warehouse.
        warehouse: Who holds the goods; always named for goods in a warehouse.
        financed: What is financed, and what those documents say; `references` may name them without that.
    """

    issued_by: ClassVar[str] = "seller"

    type: Literal["financing_request"] = "financing_request"
    basis: Basis
    seller: Party
    financier: Party
    buyer: Party | None = None
    warehouse: Party | None = None
    financed: FinancedDocuments = ()

    @model_validator(mode="after")
    def _names_what_it_rests_on(self) -> Self:
        role = "warehouse" if self.basis == "warehouse_receipt" else "buyer"
        if role not in self.parties:
            raise misfit(role, f"must be given where basis is {self.basis}")
        wanted = FINANCED[self.basis]
        if all(reference.type != wanted for reference in (*self.references, *self.financed)):
            raise misfit("references", f"must name at least one {wanted} where basis is {self.basis}")
        return self

"""A seller makes over to a financier what a buyer owes it."""

from typing import ClassVar, Literal

from stream.events.supply_chain.financing_request import FinancedDocuments
from stream.events.supply_chain.money_document import MoneyDocument
from stream.events.supply_chain.party import Party


class Assignment(MoneyDocument):
    """An assignment of receivables.

    Attributes:
        seller: Assignor.
        buyer: Debtor.
        financier: Assignee.
        financed: What is made over, and what those documents say; `references` may name them without that.
    """

    issued_by: ClassVar[str] = "seller"

    type: Literal["assignment"] = "assignment"
    seller: Party
    buyer: Party
    financier: Party
    financed: FinancedDocuments = ()

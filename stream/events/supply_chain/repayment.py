"""A financier is paid back."""

from typing import ClassVar, Literal

from stream.events.supply_chain.money_document import MoneyDocument
from stream.events.supply_chain.party import Party


class Repayment(MoneyDocument):
    """A repayment.

    Attributes:
        seller: Whose financing is paid back.
        financier: Who is paid.
        payer: Who pays, and numbers the payment; its account is the one that the money came from.
    """

    issued_by: ClassVar[str] = "payer"

    type: Literal["repayment"] = "repayment"
    seller: Party
    financier: Party
    payer: Party

"""A seller takes back some of what it invoiced: a return, a rebate, a correction."""

from typing import ClassVar, Literal

from stream.events.supply_chain.trade_document import TradeDocument


class CreditNote(TradeDocument):
    """A credit note; its amount is what the buyer gets, and is not negative."""

    issued_by: ClassVar[str] = "seller"

    type: Literal["credit_note"] = "credit_note"

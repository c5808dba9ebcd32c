"""A seller asks a buyer to pay."""

from typing import ClassVar, Literal

from stream.events.supply_chain.day import Day
from stream.events.supply_chain.trade_document import TradeDocument


class Invoice(TradeDocument):
    """An invoice.

    Attributes:
        due_date: Day on which the buyer is to pay.
    """

    issued_by: ClassVar[str] = "seller"

    type: Literal["invoice"] = "invoice"
    due_date: Day

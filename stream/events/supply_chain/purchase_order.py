"""A buyer orders goods or services."""

from typing import ClassVar, Literal

from stream.events.supply_chain.trade_document import TradeDocument


class PurchaseOrder(TradeDocument):
    """A purchase order."""

    issued_by: ClassVar[str] = "buyer"

    type: Literal["purchase_order"] = "purchase_order"

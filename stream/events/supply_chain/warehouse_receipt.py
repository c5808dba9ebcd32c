"""A warehouse says that it holds goods."""

from typing import ClassVar, Literal

from stream.events.supply_chain.goods_document import GoodsDocument
from stream.events.supply_chain.identifier import Identifier
from stream.events.supply_chain.party import Party
from stream.events.supply_chain.quantity import Quantity


class WarehouseReceipt(GoodsDocument):
    """A warehouse receipt.

    Attributes:
        seller: Who stored the goods.
        warehouse: Who holds them, and issues the receipt.
        lot: Which goods, as the warehouse numbers them.
        location: Where the warehouse stands.
        capacity: How much it can hold; more than that is taken too, and is for the score to judge.
    """

    issued_by: ClassVar[str] = "warehouse"

    type: Literal["warehouse_receipt"] = "warehouse_receipt"
    warehouse: Party
    lot: Identifier
    location: Identifier
    capacity: Quantity | None = None

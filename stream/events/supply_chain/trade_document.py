"""A document by which goods are sold: their price, and what they are."""

from stream.events.supply_chain.goods_code import GoodsCode
from stream.events.supply_chain.money_document import MoneyDocument
from stream.events.supply_chain.party import Party
from stream.events.supply_chain.quantity import Quantity


class TradeDocument(MoneyDocument):
    """A document between a seller and a buyer.

    Attributes:
        goods_code: HS; services have none.
        quantity: Of the goods.
    """

    seller: Party
    buyer: Party
    goods_code: GoodsCode | None = None
    quantity: Quantity | None = None

"""A document by which goods are held: a carrier's or a warehouse's."""

from typing import Self

from pydantic import model_validator

from stream.events.supply_chain.currency_code import CurrencyCode
from stream.events.supply_chain.goods_code import GoodsCode
from stream.events.supply_chain.party import Party
from stream.events.supply_chain.quantity import Quantity
from stream.events.supply_chain.strict import misfit
from stream.events.supply_chain.supply_chain_document import MinorUnits, SupplyChainDocument


class GoodsDocument(SupplyChainDocument):
    """A document about goods that someone holds for their owner.

    Attributes:
        seller: Who handed the goods over.
        goods_code: HS.
        quantity: Of the goods.
        declared_value_minor: What they are said to be worth, in minor units; only with a currency.
        currency: ISO 4217; only with a declared value.
    """

    seller: Party
    goods_code: GoodsCode | None = None
    quantity: Quantity
    declared_value_minor: MinorUnits | None = None
    currency: CurrencyCode | None = None

    @model_validator(mode="after")
    def _value_with_its_currency(self) -> Self:
        if (self.declared_value_minor is None) != (self.currency is None):
            raise misfit("currency", "must be given with declared_value_minor, and only with it")
        return self

"""A document about an amount of money."""

from stream.events.supply_chain.currency_code import CurrencyCode
from stream.events.supply_chain.supply_chain_document import MinorUnits, SupplyChainDocument


class MoneyDocument(SupplyChainDocument):
    """A document about an amount of money.

    Attributes:
        amount_minor: In minor units of the currency, never negative: the type says who gets it.
        currency: ISO 4217.
    """

    amount_minor: MinorUnits
    currency: CurrencyCode

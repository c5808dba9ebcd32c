"""A party to a supply-chain document."""

from stream.events.supply_chain.country_code import CountryCode
from stream.events.supply_chain.identifier import Identifier
from stream.events.supply_chain.strict import Strict

PARTY_ROLES = ("seller", "buyer", "financier", "carrier", "warehouse", "payer")


class Party(Strict):
    """A company or person.

    Attributes:
        id: The user's identifier; the same party has the same one in every document.
        name: As the document has it.
        country: ISO 3166-1 alpha-2.
        account: Where it is paid, or pays from: IBAN or the bank's own number.
    """

    id: Identifier
    name: Identifier | None = None
    country: CountryCode | None = None
    account: Identifier | None = None

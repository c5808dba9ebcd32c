"""What makes one simulated line of supply-chain finance differ from another."""

from dataclasses import dataclass, field
from typing import Literal

from stream.simulation.supply_chain.fraud_traits import FraudTraits
from stream.simulation.supply_chain.place import Place
from stream.simulation.supply_chain.sector import Sector

Kind = Literal["factoring", "reverse_factoring", "order_finance", "warehouse_receipts", "dynamic_discounting"]
KINDS: tuple[Kind, ...] = (
    "factoring", "reverse_factoring", "order_finance", "warehouse_receipts", "dynamic_discounting",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SupplyChainLine:
    """One line of supply-chain finance.

    Attributes:
        name: Of the line.
        kind: How it finances.
        sector: What is traded.
        place: Where its sellers live, and in whose money they invoice.
        sellers: Suppliers.
        buyers: Firms that they sell to.
        financiers: Who finances them.
        deals_per_year: Honest sales.
        financed_share: Share of sales on which money is asked for.
        frauds_per_year: Events to be labelled as fraud.
        families: Families of fraud, and their shares of the frauds.
        decoys: Honest behaviours that look like fraud, and how many events a year show each.
        traits: How its frauds are committed.
    """

    name: str
    kind: Kind
    sector: Sector
    place: Place
    sellers: int = 60
    buyers: int = 90
    financiers: int = 4
    deals_per_year: int = 900
    financed_share: float = 0.75
    frauds_per_year: int = 24
    families: dict[str, float] = field(default_factory=dict)
    decoys: dict[str, float] = field(default_factory=dict)
    traits: FraudTraits = field(default_factory=FraudTraits)

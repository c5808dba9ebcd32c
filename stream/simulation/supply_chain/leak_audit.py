"""Shows that no single field of a document tells the economy's frauds, beyond what their family openly implies."""

from collections import defaultdict
from dataclasses import dataclass

from stream.simulation.supply_chain.behaviours import FAMILIES
from stream.simulation.supply_chain.simulate import Simulated
from stream.simulation.supply_chain.tell import Placed, Tell, places_of_frauds, tells

_MONEY = ("amount", "bytes", "first digit", "last digit", "last two digits", "share of limit", "trailing zeros")
IMPLIED: dict[str, tuple[str, ...]] = {
    "double_financing_near": _MONEY,
    "over_invoicing": _MONEY,
    "quantity_above_shipment": _MONEY,
    "bust_out": _MONEY,
    "diluted_receivables": _MONEY,
    "own_money_repayment": ("account abroad", "payer account"),
    "above_capacity": _MONEY,
}
"""What a family openly implies of the document that shows it."""
IMPLIED_OF_PAPERS: dict[str, tuple[str, ...]] = {"repayment": ("account abroad",)}
"""What frauds openly imply of a document of their deal, by its type."""


@dataclass(frozen=True, slots=True)
class LeakReport:
    """What the audit found.

    Attributes:
        acts: Of each family and field, on documents that show its frauds.
        papers: Of each type of document and field, on documents of fraudulent deals.
    """

    acts: dict[str, dict[str, Tell]]
    papers: dict[str, dict[str, Tell]]

    def leaks(self) -> list[str]:
        """Return a sentence for everything above its limit that is not openly implied."""
        return [
            f"{field} alone tells {name}: AUC {tell.auc:.3f}, at most {tell.limit:.3f} on {tell.sellers} sellers"
            for table, implied in ((self.acts, IMPLIED), (self.papers, IMPLIED_OF_PAPERS))
            for name, found in table.items()
            for field, tell in found.items()
            if tell.auc > tell.limit and field not in implied.get(name, ())
        ]


def audit(simulated: Simulated) -> LeakReport:
    """Return what single fields say of fraud.

    Args:
        simulated: From `simulate_supply_chain`.
    """
    acts: dict[str, list[Placed]] = defaultdict(list)
    papers: dict[str, list[Placed]] = defaultdict(list)
    for placed in places_of_frauds(simulated):
        origin = simulated.origins[placed.row]
        papers[simulated.documents[placed.row]["type"]].append(placed)
        if origin.is_fraud:
            acts[origin.behaviour].append(placed)
    return LeakReport(
        acts={name: tells(acts[name]) for name in FAMILIES if acts[name]},
        papers={kind: tells(found) for kind, found in sorted(papers.items())},
    )

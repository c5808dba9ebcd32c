"""What a family of frauds is, and what several families do."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from stream.simulation.supply_chain.deal import Deal
from stream.simulation.supply_chain.deal_life import settle
from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.financing_papers import Financing, give_notice
from stream.simulation.supply_chain.firm import Firm
from stream.simulation.supply_chain.scene import Scene

Family = Callable[[Scene, int], Sequence[Draft]]
"""Adds one scheme's documents and returns those that show it.

It is told how many are still wanted; only the smallest scheme that there can be may have more.
"""


def end(scene: Scene, deal: Deal, financing: Financing) -> None:
    """Add what becomes of fraudulent financing: it is never paid back, or it is, so that more may follow."""
    drawdown = financing.drawdown
    if drawdown is None:
        return
    if scene.chance(scene.line.traits.defaults):
        give_notice(scene, deal, drawdown, drawdown.day + deal.tenor_days + 15 + scene.wait(20.0))
    elif scene.chance(0.6):
        settle(scene, deal, drawdown, default_share=0.0)


def other_financier(scene: Scene, deal: Deal) -> Firm:
    """Return a financier who is not the deal's."""
    others = [one for one in deal.supplier.financiers if one is not deal.financier]
    return others[int(scene.generator.integers(len(others)))]


def without_papers(scene: Scene, deal: Deal) -> Deal:
    """Return a sale that never was: nothing is shipped, and its order is invented or absent."""
    has_order = scene.line.kind == "order_finance" or scene.chance(scene.line.traits.fabricated_papers)
    return replace(deal, has_order=has_order, has_shipment=False)

"""Firms that sell the same goods to each other in a circle, so that nothing moves but the financing."""

from collections.abc import Sequence
from dataclasses import replace

from stream.simulation.supply_chain.deal import draw_deal
from stream.simulation.supply_chain.deal_life import requested, trade
from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.economy import Supplier
from stream.simulation.supply_chain.financing_papers import ask
from stream.simulation.supply_chain.frauds.family import end
from stream.simulation.supply_chain.scene import Scene

_SHIPPED_SHARE = 0.4


def circular_trade(scene: Scene, most: int) -> Sequence[Draft]:
    """Ask for money on each sale of a circle of two to four firms, whose amounts are nearly the same."""
    firms = drawn_circle(scene, min(scene.line.traits.cycle, max(most, 2)))
    base = draw_deal(scene)
    day, acts = base.ordered, []
    for at, supplier in enumerate(firms):
        deal = draw_deal(scene, supplier, firms[(at + 1) % len(firms)].firm, day)
        deal = replace(
            deal, goods=base.goods, quantity=base.quantity,
            price_minor=round(base.price_minor * scene.between(0.98, 1.02), 1),
            premium=base.premium, has_shipment=scene.chance(_SHIPPED_SHARE),
        )  # fmt: skip
        papers = trade(scene, deal)
        financing = ask(scene, deal, papers.on, requested(deal, papers.on))
        end(scene, deal, financing)
        acts.append(financing.request)
        day += scene.wait(5.0)
    return acts


def drawn_circle(scene: Scene, count: int) -> list[Supplier]:
    """Return firms that both buy and sell, each once."""
    known = {one.id for one in scene.economy.buyers}
    traders = [one for one in scene.economy.suppliers if one.firm.id in known]
    return [traders[one] for one in scene.generator.choice(len(traders), count, replace=False).tolist()]

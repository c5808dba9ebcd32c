"""A seller that grows on good business, then draws all it can and is gone."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stream.simulation.supply_chain.deal import Deal, draw_deal, sized
from stream.simulation.supply_chain.deal_life import live, requested, trade
from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.financing_papers import ask, give_notice
from stream.simulation.supply_chain.scene import Scene

_RAMP_DAYS = 110.0
_BURST_DAYS = 18.0
_SHIPPED_SHARE = 0.5


def bust_out(scene: Scene, most: int) -> Sequence[Draft]:
    """Make ever more honest deals, then a burst of large ones that are financed and never paid."""
    base = draw_deal(scene)
    supplier, traits = base.supplier, scene.line.traits
    for day in growing_days(scene, base.ordered - _BURST_DAYS, traits.ramp):
        live(scene, draw_deal(scene, supplier, day=day))
    return [
        _unpaid(scene, draw_deal(scene, supplier, day=base.ordered - scene.between(0, _BURST_DAYS)))
        for _ in range(min(traits.burst, max(most, 2)))
    ]


def growing_days(scene: Scene, last: float, count: int) -> list[float]:
    """Return days that come closer and closer to each other towards the last."""
    drawn = np.cbrt(scene.generator.random(count))
    return [last - _RAMP_DAYS * (1 - float(one)) for one in drawn]


def _unpaid(scene: Scene, deal: Deal) -> Draft:
    larger = sized(scene, deal, scene.between(1.0, 2.0))
    larger = replace(larger, has_shipment=larger.has_shipment and scene.chance(_SHIPPED_SHARE))
    papers = trade(scene, larger)
    financing = ask(scene, larger, papers.on, requested(larger, papers.on))
    if financing.drawdown is not None:
        overdue = financing.drawdown.day + larger.tenor_days + 15 + scene.wait(20.0)
        give_notice(scene, larger, financing.drawdown, overdue, "seller")
    return financing.request

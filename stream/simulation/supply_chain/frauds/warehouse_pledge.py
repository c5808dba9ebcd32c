"""Goods in a warehouse that are pledged twice, or that the warehouse cannot hold."""

from collections.abc import Sequence

from stream.simulation.supply_chain.deal import Deal, draw_deal, sized
from stream.simulation.supply_chain.deal_life import draw_lot, finance, requested, store, trade
from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.financing_papers import ask
from stream.simulation.supply_chain.firm import Firm
from stream.simulation.supply_chain.frauds.family import end, other_financier
from stream.simulation.supply_chain.scene import Scene
from stream.simulation.supply_chain.trade_papers import capacity_of, write_receipt

_HELD_DAYS = 30.0
_MOST_RECEIPTS = 25
_FULL = 1.0  # beside what honest sellers store there


def lot_pledged_twice(scene: Scene, most: int) -> Sequence[Draft]:
    """Pledge a lot again while it is pledged: on its receipt, or on a second one for the same lot."""
    del most
    deal = draw_deal(scene)
    papers = trade(scene, deal)
    first = finance(scene, deal, papers)
    again = first.request.day + 0.5 + scene.wait(scene.line.traits.repeat_after_days)
    receipt = papers.on
    if scene.chance(0.5):
        receipt = store(scene, deal.moved(again - first.request.day), lot=papers.on.fields["lot"])
    lender = other_financier(scene, deal) if scene.chance(scene.line.traits.other_financier) else None
    second = ask(scene, deal, receipt, max(again, receipt.day + 0.2), lender)
    end(scene, deal, second)
    return [second.request]


def above_capacity(scene: Scene, most: int) -> Sequence[Draft]:
    """Pledge more goods within a month than the warehouse can hold; each receipt alone would fit."""
    houses = scene.economy.warehouses
    warehouse = houses[int(scene.generator.integers(len(houses)))]
    last, held, acts = draw_deal(scene).invoiced, 0.0, []
    days = sorted(last - scene.between(0.0, _HELD_DAYS) for _ in range(_MOST_RECEIPTS))
    for day in days:
        deal = draw_deal(scene)
        deal = sized(scene, deal.moved(day - deal.invoiced), scene.between(1.0, 2.0))
        acts.append(_stored(scene, deal, warehouse))
        held += deal.quantity / capacity_of(scene, deal, warehouse)
        if held > _FULL:
            break
    return acts[-max(min(most, 4), 1) :]


def _stored(scene: Scene, deal: Deal, warehouse: Firm) -> Draft:
    receipt = write_receipt(scene, deal, warehouse, draw_lot(scene))
    financing = ask(scene, deal, receipt, requested(deal, receipt))
    end(scene, deal, financing)
    return financing.request

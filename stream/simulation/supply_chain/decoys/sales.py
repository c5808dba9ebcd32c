"""Honest sales that look invented, overstated or dated wrongly."""

from collections.abc import Sequence
from dataclasses import replace

from stream.simulation.supply_chain.deal import draw_deal
from stream.simulation.supply_chain.deal_life import finance, trade
from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.firm import draw_firm
from stream.simulation.supply_chain.place import PLACES
from stream.simulation.supply_chain.scene import Scene
from stream.simulation.supply_chain.trade_papers import write_shipment


def late_shipment(scene: Scene, most: int) -> Sequence[Draft]:
    """Invoice and finance goods whose ship is late; taken for pre-invoicing and for fictitious invoices."""
    del most
    deal = draw_deal(scene)
    deal = replace(deal, shipped=deal.invoiced + scene.wait(16.0), has_shipment=True)
    return [finance(scene, deal, trade(scene, deal)).request]


def new_buyer(scene: Scene, most: int) -> Sequence[Draft]:
    """Sell to a buyer who is new, from one seller or two; taken for a phantom."""
    base = draw_deal(scene)
    home = scene.line.place if scene.chance(0.5) else PLACES[int(scene.generator.integers(len(PLACES)))]
    buyer = draw_firm(home, scene.generator, base.ordered)
    second = draw_deal(scene).supplier if scene.chance(0.5) else base.supplier
    day, acts = base.ordered, []
    for at in range(min(1 + int(scene.generator.integers(1, 4)), max(most, 1))):
        deal = draw_deal(scene, second if at % 2 else base.supplier, buyer, day)
        acts.append(finance(scene, deal, trade(scene, deal)).request)
        day += scene.wait(10.0)
    return acts


def premium_grade(scene: Scene, most: int) -> Sequence[Draft]:
    """Sell a better grade that costs more; taken for over-invoicing."""
    del most
    deal = draw_deal(scene)
    better = replace(deal, price_minor=round(deal.price_minor * scene.between(1.25, 2.0), 1), premium=scene.chance(0.7))
    return [finance(scene, better, trade(scene, better)).request]


def part_shipments(scene: Scene, most: int) -> Sequence[Draft]:
    """Ship what one invoice asks for in two parts; taken for a quantity above the shipment."""
    del most
    deal = draw_deal(scene)
    share = scene.between(0.4, 0.7)
    deal = replace(deal, has_shipment=True, shipped_share=share)
    papers = trade(scene, deal)
    rest = replace(deal, shipped=deal.shipped + scene.wait(9.0), shipped_share=1 - share)
    write_shipment(scene, rest, papers.order)
    return [finance(scene, deal, papers).request]

"""Honest growth and honest ties between firms: seasons, harvests, groups, disputes, payers of a group."""

from collections.abc import Sequence
from dataclasses import replace

from stream.simulation.supply_chain.deal import draw_deal, sized
from stream.simulation.supply_chain.deal_life import Papers, draw_lot, finance, live, requested, trade
from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.financing_papers import ask, repay
from stream.simulation.supply_chain.frauds.bust_out import growing_days
from stream.simulation.supply_chain.frauds.circular_trade import drawn_circle
from stream.simulation.supply_chain.scene import Scene
from stream.simulation.supply_chain.trade_papers import write_credit_note, write_receipt

_BURST_DAYS = 20.0
_VALUE_ADDED = (1.04, 1.25)


def seasonal_growth(scene: Scene, most: int) -> Sequence[Draft]:
    """Grow into a season and pay for it; taken for a bust-out."""
    base = draw_deal(scene)
    for day in growing_days(scene, base.ordered - _BURST_DAYS, scene.line.traits.ramp):
        live(scene, draw_deal(scene, base.supplier, day=day))
    acts = []
    for _ in range(min(scene.line.traits.burst, max(most, 2))):
        deal = draw_deal(scene, base.supplier, day=base.ordered - scene.between(0, _BURST_DAYS))
        deal = sized(scene, deal, scene.between(1.0, 1.8))
        acts.append(finance(scene, deal, trade(scene, deal)).request)
    return acts


def group_circle(scene: Scene, most: int) -> Sequence[Draft]:
    """Trade within a group in a circle at arm's length: each firm adds value, and the goods move."""
    firms = drawn_circle(scene, min(int(scene.generator.integers(2, 5)), max(most, 2)))
    base = draw_deal(scene)
    day, price_minor, acts = base.ordered, base.price_minor, []
    for at, supplier in enumerate(firms):
        deal = draw_deal(scene, supplier, firms[(at + 1) % len(firms)].firm, day)
        if at:
            deal = replace(deal, goods=base.goods, quantity=base.quantity, price_minor=round(price_minor, 1))
        price_minor *= scene.between(*_VALUE_ADDED)
        acts.append(finance(scene, deal, trade(scene, deal)).request)
        day += scene.wait(9.0)
    return acts


def dispute(scene: Scene, most: int) -> Sequence[Draft]:
    """Credit part of a financed invoice after a complaint, or much of it; taken for dilution."""
    del most
    deal = draw_deal(scene)
    papers = trade(scene, deal)
    financing = ask(scene, deal, papers.on, requested(deal, papers.on))
    share = scene.between(0.05, 0.7)
    paid_out = financing.drawdown or financing.request
    note = write_credit_note(scene, deal, papers.invoice or papers.on, share, paid_out.day + 0.5 + scene.wait(18.0))
    if scene.line.kind != "dynamic_discounting" and financing.drawdown is not None:
        repay(scene, deal, financing.drawdown, note.day + deal.tenor_days * 0.6, 1 - share)
    return [note]


def treasury_payer(scene: Scene, most: int) -> Sequence[Draft]:
    """Pay from another account of the buyer, as its group's treasury does; taken for own money."""
    del most
    deal = draw_deal(scene)
    deal = deal.moved(-deal.tenor_days)
    papers = trade(scene, deal)
    financing = ask(scene, deal, papers.on, requested(deal, papers.on), refused_share=0.0)
    paid_out = financing.drawdown or financing.request
    payer = deal.buyer.party(0, 1 if scene.chance(0.5) else 2)
    return [repay(scene, deal, paid_out, paid_out.day + deal.tenor_days + scene.between(-2.0, 4.0), payer=payer)]


def harvest(scene: Scene, most: int) -> Sequence[Draft]:
    """Fill a warehouse in a season, to less than it holds; taken for receipts above its capacity."""
    houses = scene.economy.warehouses
    warehouse = houses[int(scene.generator.integers(len(houses)))]
    last, acts = draw_deal(scene).invoiced, []
    for _ in range(min(int(scene.generator.integers(4, 8)), max(most, 3))):
        deal = draw_deal(scene)
        deal = deal.moved(last - scene.between(0.0, 40.0) - deal.invoiced)
        receipt = write_receipt(scene, deal, warehouse, draw_lot(scene))
        acts.append(finance(scene, deal, Papers(receipt)).request)
    return acts

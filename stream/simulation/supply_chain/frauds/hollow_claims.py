"""Claims that are hollowed out after they were financed, and financing that is paid back with its own money."""

from collections.abc import Sequence
from typing import Any

from stream.simulation.supply_chain.deal import Deal, draw_deal
from stream.simulation.supply_chain.deal_life import requested, trade
from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.financing_papers import ask, repay
from stream.simulation.supply_chain.scene import Scene
from stream.simulation.supply_chain.trade_papers import write_credit_note

_MOST_DILUTED = 0.95


def diluted_receivables(scene: Scene, most: int) -> Sequence[Draft]:
    """Credit much of some invoices to the same buyer soon after they were financed."""
    base = draw_deal(scene)
    count = min(1 + int(scene.generator.integers(1, 4)), max(most, 1))
    deals = [base]
    while len(deals) < count:
        deals.append(draw_deal(scene, base.supplier, base.buyer, deals[-1].ordered + scene.wait(8.0)))
    return [_credited(scene, deal) for deal in deals]


def _credited(scene: Scene, deal: Deal) -> Draft:
    papers = trade(scene, deal)
    financing = ask(scene, deal, papers.on, requested(deal, papers.on), refused_share=0.0)
    share = min(scene.line.traits.diluted * scene.between(0.6, 1.4), _MOST_DILUTED)
    paid_out = financing.drawdown or financing.request
    note = write_credit_note(scene, deal, papers.invoice or papers.on, share, paid_out.day + 0.5 + scene.wait(10.0))
    if scene.line.kind != "dynamic_discounting" and scene.chance(0.6):
        repay(scene, deal, paid_out, note.day + deal.tenor_days * 0.6, 1 - share)
    return note


def own_money_repayment(scene: Scene, most: int) -> Sequence[Draft]:
    """Pay financing back in the buyer's name from an account of one's own, with money just drawn on the next deal."""
    deal = draw_deal(scene)
    count = min(1 + int(scene.generator.integers(1, 4)), max(most, 1))
    length_days = deal.tenor_days * 0.7
    deal = deal.moved(-length_days * (1 + count) / 2)
    acts = []
    drawn = _drawn(scene, deal)
    for _ in range(count):
        after = drawn.day + length_days + scene.between(-2.0, 4.0)
        following = draw_deal(scene, deal.supplier, day=deal.ordered)
        following = following.moved(after - 3.0 - scene.wait(3.0) - following.requested)
        fresh = _drawn(scene, following)
        acts.append(repay(scene, deal, drawn, max(after, fresh.day + 0.5), payer=_in_its_name(scene, deal)))
        deal, drawn = following, fresh
    return acts


def _drawn(scene: Scene, deal: Deal) -> Draft:
    papers = trade(scene, deal)
    financing = ask(scene, deal, papers.on, requested(deal, papers.on), refused_share=0.0)
    return financing.drawdown or financing.request


def _in_its_name(scene: Scene, deal: Deal) -> dict[str, Any]:
    """Return the buyer with the seller's second account, which the seller's own invoices name at times."""
    named = deal.buyer.party(0, -1)
    return {**named, "account": deal.seller.accounts[1 if scene.chance(0.8) else 2]}

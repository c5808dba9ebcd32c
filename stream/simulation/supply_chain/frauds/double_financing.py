"""A receivable that is financed twice: as it is, or by a copy that differs a little."""

from collections.abc import Sequence
from dataclasses import replace

from stream.simulation.supply_chain.deal import Deal, draw_deal
from stream.simulation.supply_chain.deal_life import Papers, finance, trade
from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.financing_papers import ask
from stream.simulation.supply_chain.firm import Firm
from stream.simulation.supply_chain.frauds.family import end, other_financier
from stream.simulation.supply_chain.numbering import EDITS
from stream.simulation.supply_chain.scene import Scene
from stream.simulation.supply_chain.trade_papers import write_invoice, write_order


def double_financing_exact(scene: Scene, most: int) -> Sequence[Draft]:
    """Ask again for money on a document that is financed, of the same or another financier."""
    del most
    deal = draw_deal(scene)
    papers = trade(scene, deal)
    first = finance(scene, deal, papers)
    second = ask(scene, deal, papers.on, _again(scene, first.request), _lender(scene, deal))
    end(scene, deal, second)
    return [second.request]


def double_financing_near(scene: Scene, most: int) -> Sequence[Draft]:
    """Ask for money on a copy: edited number, shifted date, split or rounded amount, other parties or spelling."""
    deal = draw_deal(scene)
    papers = trade(scene, deal)
    first = finance(scene, deal, papers)
    lender, day = _lender(scene, deal), _again(scene, first.request)
    pieces = 2 if most > 1 and scene.chance(0.25) else 1
    shifted = day - first.request.day if scene.chance(0.6) else 0.0
    changed = _swapped(scene, deal.moved(shifted))
    acts = []
    for piece in range(pieces):
        copy = _copy(scene, changed, papers, 1.0 / pieces)
        financing = ask(scene, changed, copy, max(day, copy.day + 0.2) + piece * scene.wait(1.0), lender)
        end(scene, changed, financing)
        acts.append(financing.request)
    return acts


def _again(scene: Scene, request: Draft) -> float:
    return request.day + 0.5 + scene.wait(scene.line.traits.repeat_after_days)


def _lender(scene: Scene, deal: Deal) -> Firm | None:
    return other_financier(scene, deal) if scene.chance(scene.line.traits.other_financier) else None


def _swapped(scene: Scene, deal: Deal) -> Deal:
    """Return a sale with its parties exchanged where the buyer sells too, or with another buyer; mostly as it is."""
    if not scene.chance(0.25):
        return deal
    for supplier in scene.economy.suppliers:
        if supplier.firm is deal.buyer and scene.line.kind != "dynamic_discounting":
            return replace(deal, supplier=supplier, buyer=deal.seller)
    buyers = deal.supplier.buyers
    return replace(deal, buyer=buyers[int(scene.generator.integers(len(buyers)))])


def _copy(scene: Scene, deal: Deal, papers: Papers, share: float) -> Draft:
    if scene.chance(0.3):
        share *= scene.between(0.96, 1.04)
    if scene.line.kind == "order_finance":
        copy = write_order(scene, replace(deal, ordered_share=share))
    else:
        copy = write_invoice(scene, deal, papers.order if scene.chance(0.6) else None, share)
    if scene.chance(0.35):
        copy.fields["buyer"] = deal.buyer.party(1, -1)
    if scene.chance(0.3):
        amount_minor = copy.fields["amount_minor"]
        step = 10 ** max(len(str(amount_minor)) - 3, 0)
        copy.fields["amount_minor"] = max(round(amount_minor / step), 1) * step
    if scene.chance(0.6):
        copy.copied, copy.edit = papers.on, int(scene.generator.integers(EDITS))
    return copy

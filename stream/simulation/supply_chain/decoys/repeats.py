"""Honest documents that repeat: instalments, standing orders, invoices and requests sent anew, syndication."""

from collections.abc import Sequence
from dataclasses import replace

from stream.simulation.supply_chain.deal import draw_deal
from stream.simulation.supply_chain.deal_life import Papers, draw_lot, finance, requested, settle, store, trade
from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.financing_papers import ask
from stream.simulation.supply_chain.numbering import EDITS
from stream.simulation.supply_chain.scene import Scene
from stream.simulation.supply_chain.trade_papers import write_credit_note, write_invoice, write_order, write_shipment

_MONTH_DAYS = 30.4


def instalments(scene: Scene, most: int) -> Sequence[Draft]:
    """Invoice one order in equal parts, each financed; taken for a split copy."""
    deal = draw_deal(scene)
    parts = min(int(scene.generator.integers(2, 5)), max(most, 2))
    order = write_order(scene, deal) if deal.has_order else None
    acts, first = [], None
    for part in range(parts):
        own = deal.moved(part * _MONTH_DAYS * 0.5)
        write_shipment(scene, replace(own, shipped_share=1 / parts), order)
        invoice = write_invoice(scene, own, order, 1 / parts)
        if first is None:
            first = invoice
        elif scene.chance(0.5):
            invoice.copied, invoice.edit = first, int(scene.generator.integers(EDITS))
        acts.append(finance(scene, own, Papers(invoice)).request)
    return acts


def standing_order(scene: Scene, most: int) -> Sequence[Draft]:
    """Sell the same every month for the same amount; taken for double financing."""
    deal = draw_deal(scene)
    acts = []
    for at in range(min(int(scene.generator.integers(3, 6)), max(most, 2))):
        month = deal.moved(at * _MONTH_DAYS * 0.5)
        acts.append(finance(scene, month, trade(scene, month)).request)
    return acts


def reissued_invoice(scene: Scene, most: int) -> Sequence[Draft]:
    """Cancel an invoice by a credit note for all of it, issue it anew and finance that; taken for a copy."""
    del most
    deal = draw_deal(scene)
    papers = trade(scene, deal)
    invoice = papers.invoice or papers.on
    if scene.chance(0.5):
        ask(scene, deal, invoice, requested(deal, invoice), refused_share=1.0)
    cancelled = deal.invoiced + 1.0 + scene.wait(5.0)
    write_credit_note(scene, deal, invoice, 1.0, cancelled)
    anew = deal.moved(cancelled - deal.invoiced + scene.wait(1.0))
    fresh = write_invoice(scene, anew, papers.order)
    fresh.fields["amount_minor"] = invoice.fields["amount_minor"]
    if scene.chance(0.5):
        fresh.copied, fresh.edit = invoice, int(scene.generator.integers(EDITS))
    return [finance(scene, anew, Papers(fresh)).request]


def request_sent_again(scene: Scene, most: int) -> Sequence[Draft]:
    """Send a request again that lacked something, here or to another financier; it is paid once."""
    del most
    deal = draw_deal(scene)
    papers = trade(scene, deal)
    first = ask(scene, deal, papers.on, requested(deal, papers.on), refused_share=1.0)
    lenders = deal.supplier.financiers
    other = deal.financier if scene.chance(0.5) else lenders[int(scene.generator.integers(len(lenders)))]
    again = ask(scene, deal, papers.on, first.request.day + 0.5 + scene.wait(5.0), other)
    if again.drawdown is not None:
        settle(scene, deal, again.drawdown)
    return [again.request]


def syndication(scene: Scene, most: int) -> Sequence[Draft]:
    """Finance one document by shares of two or three financiers; taken for double financing."""
    deal = draw_deal(scene)
    on = trade(scene, deal).on
    shares = scene.generator.dirichlet([4.0] * min(int(scene.generator.integers(2, 4)), max(most, 2))).tolist()
    acts, day = [], requested(deal, on)
    for share, lender in zip(shares, deal.supplier.financiers, strict=False):
        part = ask(scene, deal, on, day, lender, share)
        if part.drawdown is not None:
            settle(scene, deal, part.drawdown)
        acts.append(part.request)
        day += scene.wait(2.0)
    return acts


def pledged_in_parts(scene: Scene, most: int) -> Sequence[Draft]:
    """Pledge a lot in two parts, by a receipt for each; taken for a lot that is pledged twice."""
    del most
    deal = draw_deal(scene)
    share, lot = scene.between(0.3, 0.7), draw_lot(scene)
    later = deal.moved(scene.wait(6.0))
    acts = []
    for own, part, lender in ((deal, share, 0), (later, 1 - share, -1)):
        receipt = store(scene, own, part, lot)
        own_lender = replace(own, financier=own.supplier.financiers[lender])
        acts.append(finance(scene, own_lender, Papers(receipt)).request)
    return acts

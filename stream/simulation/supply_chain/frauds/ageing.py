"""Invoices dated otherwise than their sale: before the goods left, or anew when they were overdue."""

from collections.abc import Sequence
from dataclasses import replace

from stream.simulation.supply_chain.deal import draw_deal
from stream.simulation.supply_chain.deal_life import requested, trade
from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.financing_papers import ask
from stream.simulation.supply_chain.frauds.family import end
from stream.simulation.supply_chain.numbering import EDITS
from stream.simulation.supply_chain.scene import Scene
from stream.simulation.supply_chain.trade_papers import write_invoice


def pre_invoicing(scene: Scene, most: int) -> Sequence[Draft]:
    """Ask for money on an invoice that is written long before its goods leave, if they do."""
    del most
    deal = draw_deal(scene)
    leaves = deal.invoiced + scene.wait(scene.line.traits.early_days)
    deal = replace(deal, shipped=leaves, has_shipment=scene.chance(0.8))
    papers = trade(scene, deal)
    financing = ask(scene, deal, papers.on, requested(deal, papers.on))
    end(scene, deal, financing)
    return [financing.request]


def re_ageing(scene: Scene, most: int) -> Sequence[Draft]:
    """Ask for money on an overdue claim that got a new invoice with a new date, as if it were young."""
    del most
    deal = draw_deal(scene)
    old_days = deal.tenor_days + scene.wait(scene.line.traits.aged_days)
    papers = trade(scene, deal.moved(-old_days))
    young = write_invoice(scene, deal, papers.order if scene.chance(0.7) else None)
    if scene.chance(0.5):
        young.copied, young.edit = papers.invoice, int(scene.generator.integers(EDITS))
    financing = ask(scene, deal, young, requested(deal, young))
    end(scene, deal, financing)
    return [financing.request]

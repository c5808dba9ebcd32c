"""Sales that are real and stated too high: their price against the goods' code, or their quantity."""

from collections.abc import Sequence
from dataclasses import replace

from stream.simulation.supply_chain.deal import Deal, draw_deal, sized
from stream.simulation.supply_chain.deal_life import requested, trade
from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.financing_papers import ask
from stream.simulation.supply_chain.frauds.family import end
from stream.simulation.supply_chain.scene import Scene


def over_invoicing(scene: Scene, most: int) -> Sequence[Draft]:
    """Ask for money on goods that cost far more than goods of their code do."""
    del most
    deal = draw_deal(scene)
    traits = scene.line.traits
    factor = traits.price_factor * scene.between(0.85, 1.15)
    less = factor if scene.chance(traits.keeps_amount) else 1.0
    dear = replace(sized(scene, deal, 1 / less), price_minor=round(deal.price_minor * factor, 1))
    return [_financed(scene, dear)]


def quantity_above_shipment(scene: Scene, most: int) -> Sequence[Draft]:
    """Ask for money on more than was shipped, and often more than was ordered."""
    del most
    deal = draw_deal(scene)
    traits = scene.line.traits
    factor = 1 + (traits.quantity_factor - 1) * scene.between(0.6, 1.4)
    more = 1.0 if scene.chance(traits.keeps_amount) else factor
    stated = replace(
        sized(scene, deal, more), has_shipment=True, shipped_share=1 / factor,
        ordered_share=1 / factor if scene.chance(0.7) else 1.0,
    )  # fmt: skip
    return [_financed(scene, stated)]


def _financed(scene: Scene, deal: Deal) -> Draft:
    papers = trade(scene, deal)
    financing = ask(scene, deal, papers.on, requested(deal, papers.on))
    end(scene, deal, financing)
    return financing.request

"""Sales that never were: fictitious invoices, and buyers who do not exist."""

from collections.abc import Sequence

from stream.simulation.supply_chain.deal import Deal, draw_deal
from stream.simulation.supply_chain.deal_life import Papers, requested, trade
from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.financing_papers import ask
from stream.simulation.supply_chain.firm import draw_firm
from stream.simulation.supply_chain.frauds.family import end, without_papers
from stream.simulation.supply_chain.place import PLACES
from stream.simulation.supply_chain.scene import Scene
from stream.simulation.supply_chain.trade_papers import write_order


def fictitious_invoice(scene: Scene, most: int) -> Sequence[Draft]:
    """Ask for money on sales to a buyer who exists: nothing was ordered, or the order is invented; nothing ships."""
    base = draw_deal(scene)
    count = min(1 + int(scene.generator.integers(3)), max(most, 1))
    acts = [_financed(scene, base)]
    for _ in range(count - 1):
        later = base.ordered + scene.wait(12.0)
        acts.append(_financed(scene, draw_deal(scene, base.supplier, base.buyer, later)))
    return acts


def phantom_buyer(scene: Scene, most: int) -> Sequence[Draft]:
    """Ask for money on sales to a buyer that was made up; one seller alone knows it."""
    base = draw_deal(scene)
    home = scene.line.place if scene.chance(0.5) else PLACES[int(scene.generator.integers(len(PLACES)))]
    phantom = draw_firm(home, scene.generator, base.ordered)
    day, acts = base.ordered, []
    for _ in range(min(1 + int(scene.generator.integers(1, 4)), max(most, 1))):
        acts.append(_financed(scene, draw_deal(scene, base.supplier, phantom, day)))
        day += scene.wait(10.0)
    return acts


def _financed(scene: Scene, deal: Deal) -> Draft:
    invented = without_papers(scene, deal)
    ordered = scene.line.kind == "order_finance"
    papers = Papers(write_order(scene, invented)) if ordered else trade(scene, invented)
    financing = ask(scene, invented, papers.on, requested(invented, papers.on))
    end(scene, invented, financing)
    return financing.request

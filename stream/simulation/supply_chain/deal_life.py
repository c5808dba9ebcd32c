"""What becomes of a sale: its documents one after another, as the line finances them."""

from dataclasses import dataclass

from stream.simulation.supply_chain.deal import Deal
from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.financing_papers import Financing, ask, give_notice, repay
from stream.simulation.supply_chain.scene import Scene
from stream.simulation.supply_chain.trade_papers import (
    write_acceptance,
    write_credit_note,
    write_invoice,
    write_order,
    write_receipt,
    write_shipment,
)

_CORRECTED_SHARE = 0.04
_DEFAULT_SHARE = 0.012


@dataclass(slots=True)
class Papers:
    """The documents of a sale before it is financed; `on` is what will be.

    Attributes:
        on: Order, invoice or receipt.
        order: None of a frame contract.
        invoice: None of goods that wait in a warehouse.
    """

    on: Draft
    order: Draft | None = None
    invoice: Draft | None = None


def trade(scene: Scene, deal: Deal) -> Papers:
    """Add the documents of a sale, without its financing."""
    if scene.line.kind == "warehouse_receipts":
        return Papers(store(scene, deal))
    order = write_order(scene, deal) if deal.has_order else None
    if deal.has_shipment:
        write_shipment(scene, deal, order)
    invoice = write_invoice(scene, deal, order)
    if scene.line.kind in {"reverse_factoring", "dynamic_discounting"}:
        write_acceptance(scene, deal, invoice)
    if scene.chance(_CORRECTED_SHARE):
        write_credit_note(scene, deal, invoice, scene.between(0.02, 0.25), deal.invoiced + scene.wait(20.0))
    financed = order if scene.line.kind == "order_finance" and order else invoice
    return Papers(financed, order, invoice)


def store(scene: Scene, deal: Deal, share: float = 1.0, lot: str | None = None) -> Draft:
    """Add the receipt of goods that go into one of the seller's two warehouses."""
    houses = scene.economy.warehouses
    warehouse = houses[(deal.seller.numbering + int(scene.generator.integers(2))) % len(houses)]
    return write_receipt(scene, deal, warehouse, lot or draw_lot(scene), share)


def draw_lot(scene: Scene) -> str:
    """Return the number of a lot."""
    return f"L{scene.generator.integers(10**6):06d}"


def finance(scene: Scene, deal: Deal, papers: Papers) -> Financing:
    """Add the financing of a sale and what ends it, as honest firms do."""
    financing = ask(scene, deal, papers.on, requested(deal, papers.on))
    if financing.drawdown is not None:
        settle(scene, deal, financing.drawdown)
    return financing


def requested(deal: Deal, on: Draft) -> float:
    """Return when money is asked for: not before the document is there."""
    return max(deal.requested, on.day + 0.2)


def settle(scene: Scene, deal: Deal, drawdown: Draft, default_share: float = _DEFAULT_SHARE) -> Draft | None:
    """Add what ends a drawdown and return it: the buyer pays, mostly a little late, or does not.

    A buyer that discounts with its own money has nobody to pay back.
    """
    if scene.line.kind == "dynamic_discounting":
        return None
    due = max(drawdown.refers[0].due or drawdown.day + deal.tenor_days, drawdown.day + 2)
    if scene.chance(default_share):
        defaulter = "buyer" if scene.chance(0.6) else "seller"
        return give_notice(scene, deal, drawdown, due + 15 + scene.wait(20.0), defaulter)
    late = float(scene.generator.exponential(deal.buyer.lateness_days)) if scene.chance(0.6) else 0.0
    return repay(scene, deal, drawdown, due + late)


def live(scene: Scene, deal: Deal) -> Financing | None:
    """Add all documents of an honest sale; some are never financed."""
    papers = trade(scene, deal)
    return finance(scene, deal, papers) if scene.chance(scene.line.financed_share) else None

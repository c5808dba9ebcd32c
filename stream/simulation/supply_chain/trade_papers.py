"""The documents of a sale itself: order, bill of lading, warehouse receipt, invoice, acceptance, credit note."""

from typing import Any

from stream.simulation.supply_chain.deal import Deal
from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.firm import Firm
from stream.simulation.supply_chain.scene import Scene
from stream.simulation.supply_chain.working_time import moment

_OTHER_SPELLING_SHARE = 0.08
_OTHER_ACCOUNT_SHARE = 0.1
_WITHOUT_CODE_SHARE = 0.06
_WITHOUT_WORDS_SHARE = 0.15
_SENT_LATER_SHARE = 0.4
_STORED_DAYS = 90.0  # terms of payment, times the mean lot over the usual one
_VESSELS = (
    "Atacama",
    "Blue Marlin",
    "Ever Hope",
    "Santa Rita",
    "Nordic Star",
    "Jade River",
    "Truck 14",
    "Rail block 7",
)


def named(scene: Scene, firm: Firm, *, paid: bool = False) -> dict[str, Any]:
    """Return a firm as one more document names it: mostly as usual, at times spelt otherwise.

    Args:
        scene: Where.
        firm: Who.
        paid: Whether its account is named, for the most part the usual one.
    """
    spelling = int(scene.generator.integers(1, 4)) if scene.chance(_OTHER_SPELLING_SHARE) else 0
    other = scene.chance(_OTHER_ACCOUNT_SHARE)
    account = int(scene.generator.integers(1, len(firm.accounts))) if other else 0
    return firm.party(spelling, account if paid else -1)


def sent(scene: Scene, day: float, issuer: Firm) -> float:
    """Return when a document that is dated on a day arrives."""
    later = scene.wait(1.5) if scene.chance(_SENT_LATER_SHARE) else 0.0
    return moment(day + later, issuer, scene.generator)


def goods_of(scene: Scene, deal: Deal, share: float = 1.0) -> dict[str, Any]:
    """Return the goods as a document describes them."""
    quantity = max(round(deal.quantity * share), 1)
    goods = deal.goods
    said: dict[str, Any] = {"quantity": {"value": quantity, "scale": goods.scale, "unit_code": goods.unit_code}}
    if not scene.chance(_WITHOUT_CODE_SHARE):
        said["goods_code"] = goods.code
    if not scene.chance(_WITHOUT_WORDS_SHARE):
        words = goods.words[int(scene.generator.integers(len(goods.words)))]
        said["description"] = f"{words}, premium grade" if deal.premium else words
    return said


def price_of(scene: Scene, amount_minor: int) -> dict[str, Any]:
    """Return an amount in the line's money."""
    return {"amount_minor": amount_minor, "currency": scene.line.place.currency}


def sides(scene: Scene, deal: Deal) -> dict[str, Any]:
    """Return the seller with its account, and the buyer."""
    return {"seller": named(scene, deal.seller, paid=True), "buyer": named(scene, deal.buyer)}


def write_order(scene: Scene, deal: Deal) -> Draft:
    """Add the buyer's order."""
    amount_minor = max(round(deal.amount_minor * deal.ordered_share), 1)
    fields = {**sides(scene, deal), **price_of(scene, amount_minor), **goods_of(scene, deal, deal.ordered_share)}
    day = sent(scene, deal.ordered, deal.buyer)
    return scene.add(Draft("purchase_order", deal.buyer, day, int(deal.ordered // 1), fields))


def write_shipment(scene: Scene, deal: Deal, order: Draft | None) -> Draft:
    """Add the carrier's bill of lading."""
    carriers = scene.economy.carriers
    carrier = carriers[int(scene.generator.integers(len(carriers)))]
    fields: dict[str, Any] = {"seller": named(scene, deal.seller), "buyer": named(scene, deal.buyer)}
    fields["carrier"] = named(scene, carrier)
    fields |= {"port_of_loading": deal.seller.port, "port_of_discharge": deal.buyer.port}
    fields |= {"vessel_name": _VESSELS[int(scene.generator.integers(len(_VESSELS)))]}
    fields |= goods_of(scene, deal, deal.shipped_share)
    day = sent(scene, deal.shipped, carrier)
    return scene.add(Draft("shipment", carrier, day, int(deal.shipped // 1), fields, _refs(order)))


def write_invoice(scene: Scene, deal: Deal, order: Draft | None, share: float = 1.0) -> Draft:
    """Add the seller's invoice, of all or of a share."""
    amount_minor = max(round(deal.amount_minor * share), 1)
    fields = {**sides(scene, deal), **price_of(scene, amount_minor), **goods_of(scene, deal, share)}
    issued = int(deal.invoiced // 1)
    day = sent(scene, deal.invoiced, deal.seller)
    return scene.add(Draft("invoice", deal.seller, day, issued, fields, _refs(order), issued + deal.tenor_days))


def write_acceptance(scene: Scene, deal: Deal, invoice: Draft) -> Draft:
    """Add the buyer's promise to pay an invoice."""
    day = moment(invoice.day + 0.5 + scene.wait(1.5), deal.buyer, scene.generator)
    fields = {**sides(scene, deal), **price_of(scene, invoice.fields["amount_minor"])}
    fields["financier"] = named(scene, deal.financier)
    due = max(invoice.due or 0, int(day // 1))
    return scene.add(Draft("acceptance", deal.buyer, day, int(day // 1), fields, (invoice,), due))


def write_credit_note(scene: Scene, deal: Deal, invoice: Draft, share: float, day: float) -> Draft:
    """Add a credit note for a share of an invoice."""
    amount_minor = max(round(invoice.fields["amount_minor"] * share), 1)
    fields = {**sides(scene, deal), **price_of(scene, amount_minor)}
    when = sent(scene, day, deal.seller)
    return scene.add(Draft("credit_note", deal.seller, when, int(day // 1), fields, (invoice,)))


def write_receipt(scene: Scene, deal: Deal, warehouse: Firm, lot: str, share: float = 1.0) -> Draft:
    """Add a warehouse's receipt for goods."""
    fields: dict[str, Any] = {"seller": named(scene, deal.seller), "warehouse": named(scene, warehouse), "lot": lot}
    fields |= {"location": warehouse.port, **goods_of(scene, deal, share)}
    value_minor = max(round(deal.amount_minor * share), 1)
    fields |= {"declared_value_minor": value_minor, "currency": scene.line.place.currency}
    if scene.chance(0.7):
        value = capacity_of(scene, deal, warehouse)
        fields["capacity"] = {"value": value, "scale": deal.goods.scale, "unit_code": deal.goods.unit_code}
    day = sent(scene, deal.invoiced, warehouse)
    return scene.add(Draft("warehouse_receipt", warehouse, day, int(deal.invoiced // 1), fields))


def capacity_of(scene: Scene, deal: Deal, warehouse: Firm) -> int:
    """Return how much of a deal's goods a warehouse holds, in the goods' scale; each has a size that never changes.

    It is one and a half to two and a half times what honest sellers store there.
    """
    a_year = scene.line.deals_per_year / len(scene.economy.warehouses)
    lots = max(a_year * _STORED_DAYS / 365, 3.0) * (1.5, 1.8, 2.1, 2.5)[int(warehouse.id[-1], 16) % 4]
    return round(deal.goods.lot * lots * 10.0**deal.goods.scale)


def _refs(order: Draft | None) -> tuple[Draft, ...]:
    return () if order is None else (order,)

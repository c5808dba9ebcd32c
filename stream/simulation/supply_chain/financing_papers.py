"""The documents of financing: request, assignment, drawdown, repayment, notice of default."""

from dataclasses import dataclass
from typing import Any

from stream.events.supply_chain.document import EventType
from stream.simulation.supply_chain.deal import Deal
from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.firm import Firm
from stream.simulation.supply_chain.line_profile import Kind
from stream.simulation.supply_chain.scene import Scene
from stream.simulation.supply_chain.trade_papers import named, price_of, sides
from stream.simulation.supply_chain.working_time import moment

_BASIS: dict[Kind, str] = {
    "factoring": "invoice",
    "reverse_factoring": "reverse_factoring",
    "order_finance": "purchase_order",
    "warehouse_receipts": "warehouse_receipt",
    "dynamic_discounting": "reverse_factoring",
}
_PURPOSES = (
    "working capital",
    "early payment",
    "purchase of raw material",
    "supplier payments",
    "bridge until payment",
)
_WITHOUT_PURPOSE_SHARE = 0.5
_REFUSED_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Financing:
    """A request and what follows from it; a refused one has no drawdown."""

    request: Draft
    drawdown: Draft | None


def ask(
    scene: Scene, deal: Deal, on: Draft, day: float, financier: Firm | None = None, share: float = 1.0,
    refused_share: float = _REFUSED_SHARE,
) -> Financing:  # fmt: skip
    """Add a request for money on a document, and what the financier does: assignment and drawdown, or nothing.

    Args:
        scene: Where.
        deal: The sale.
        on: The document that is financed.
        day: Of the request.
        financier: Who is asked, if not the deal's.
        share: Of the document's amount.
        refused_share: How often nothing is paid.
    """
    financier = financier or deal.financier
    amount_minor = max(round(_amount(on) * share), 1)
    request = _request(scene, deal, on, day, financier, amount_minor)
    if scene.chance(refused_share):
        request.is_paid = False
        return Financing(request, None)
    if scene.line.kind == "factoring":
        _write(scene, "assignment", deal, deal.seller, request.day + scene.wait(0.7), financier, amount_minor, (on,))
    paid_minor = max(round(amount_minor * deal.supplier.advance), 1)
    day = request.day + 0.3 + scene.wait(1.5)
    drawdown = _write(scene, "drawdown", deal, financier, day, financier, paid_minor, (on,))
    drawdown.fields["limit_minor"] = round(deal.supplier.limit_usd * scene.line.place.minor_per_usd)
    return Financing(request, drawdown)


def repay(
    scene: Scene, deal: Deal, drawdown: Draft, day: float, share: float = 1.0, payer: dict[str, Any] | None = None
) -> Draft:
    """Add a repayment, by the buyer from its own account where no other payer is named."""
    amount_minor = max(round(drawdown.fields["amount_minor"] * share), 1)
    fields = {"seller": named(scene, deal.seller), "financier": drawdown.fields["financier"]}
    fields |= {"payer": payer or named(scene, deal.buyer, paid=True), **price_of(scene, amount_minor)}
    when = moment(day, deal.buyer, scene.generator)
    return scene.add(Draft("repayment", deal.buyer, when, int(when // 1), fields, (drawdown,)))


def give_notice(scene: Scene, deal: Deal, drawdown: Draft, day: float, defaulter: str = "buyer") -> Draft:
    """Add a financier's notice that it was not paid."""
    fields = {**_parties(scene, deal), "financier": drawdown.fields["financier"], "defaulter": defaulter}
    fields |= price_of(scene, drawdown.fields["amount_minor"])
    if "buyer" not in fields:
        fields["defaulter"] = "seller"
    when = moment(day, drawdown.issuer, scene.generator)
    return scene.add(Draft("default_notice", drawdown.issuer, when, int(when // 1), fields, (drawdown,)))


def _request(scene: Scene, deal: Deal, on: Draft, day: float, financier: Firm, amount_minor: int) -> Draft:
    fields = {**_parties(scene, deal), "financier": named(scene, financier), **price_of(scene, amount_minor)}
    fields["basis"] = _BASIS[scene.line.kind]
    if scene.line.kind == "warehouse_receipts":
        fields["warehouse"] = named(scene, on.issuer)
    if not scene.chance(_WITHOUT_PURPOSE_SHARE):
        fields["purpose"] = _PURPOSES[int(scene.generator.integers(len(_PURPOSES)))]
    when = moment(day, deal.seller, scene.generator)
    return scene.add(Draft("financing_request", deal.seller, when, int(when // 1), fields, (on,)))


def _write(
    scene: Scene, kind: EventType, deal: Deal, issuer: Firm, day: float, financier: Firm, amount_minor: int,
    refers: tuple[Draft, ...],
) -> Draft:  # fmt: skip
    fields = {**_parties(scene, deal), "financier": named(scene, financier), **price_of(scene, amount_minor)}
    when = moment(day, issuer, scene.generator)
    return scene.add(Draft(kind, issuer, when, int(when // 1), fields, refers))


def _parties(scene: Scene, deal: Deal) -> dict[str, Any]:
    """Return who gets the money and who is to pay in the end; goods in a warehouse have no buyer yet."""
    if scene.line.kind == "warehouse_receipts":
        return {"seller": named(scene, deal.seller, paid=True)}
    return sides(scene, deal)


def _amount(on: Draft) -> int:
    return int(on.fields.get("amount_minor") or on.fields["declared_value_minor"])

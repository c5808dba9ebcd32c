"""A sale as it is planned: who, what, for how much, and when."""

import math
from dataclasses import dataclass, replace

import numpy as np

from stream.simulation.supply_chain.economy import Supplier, draw_one
from stream.simulation.supply_chain.firm import Firm
from stream.simulation.supply_chain.scene import Scene
from stream.simulation.supply_chain.sector import Goods
from stream.simulation.supply_chain.working_time import draw_day

BEFORE_DAYS = 150.0
"""Sales begin before the time that is shown, so that their repayments are there from its first day."""
_PRICE_NOISE = 0.06
_ORDERED_SHARE = 0.85
_GRADE_SHARE = 0.06
_MOST_GRADE = 1.9


@dataclass(frozen=True, slots=True)
class Deal:
    """A sale.

    Attributes:
        supplier: Who sells, with its relations.
        buyer: Who buys.
        financier: Who is asked for money.
        goods: What is sold.
        quantity: In units of the goods' scale.
        price_minor: Of one unit.
        ordered: Day of the order.
        shipped: Day on which the goods leave.
        invoiced: Day that the invoice bears.
        requested: Day on which money is asked for.
        tenor_days: Terms of payment.
        has_order: Whether there is an order; frame contracts have none.
        has_shipment: Whether a carrier's document comes.
        shipped_share: What is shipped, over what is invoiced.
        ordered_share: What is ordered, over what is invoiced.
        premium: Whether the documents say that it is a better grade.
    """

    supplier: Supplier
    buyer: Firm
    financier: Firm
    goods: Goods
    quantity: int
    price_minor: float
    ordered: float
    shipped: float
    invoiced: float
    requested: float
    tenor_days: int
    has_order: bool
    has_shipment: bool = True
    shipped_share: float = 1.0
    ordered_share: float = 1.0
    premium: bool = False

    @property
    def seller(self) -> Firm:
        """Who sells."""
        return self.supplier.firm

    @property
    def amount_minor(self) -> int:
        """Price of the whole, as this seller writes amounts."""
        amount = self.quantity * 10.0**-self.goods.scale * self.price_minor
        if self.seller.rounds:
            step = 10.0 ** max(math.floor(math.log10(max(amount, 1.0))) - 2, 0)
            amount = round(amount / step) * step
        return max(round(amount), 1)

    def moved(self, days: float) -> "Deal":
        """Return the same sale at another time."""
        return replace(
            self, ordered=self.ordered + days, shipped=self.shipped + days, invoiced=self.invoiced + days,
            requested=self.requested + days,
        )  # fmt: skip


def draw_deal(
    scene: Scene, supplier: Supplier | None = None, buyer: Firm | None = None, day: float | None = None
) -> Deal:
    """Return a sale as honest firms make them; what is given is taken, `day` as that of the order."""
    generator, sector = scene.generator, scene.line.sector
    supplier = supplier or scene.economy.suppliers[draw_one(scene.economy.chances, generator)]
    ordered = draw_day(sector, -BEFORE_DAYS, scene.days, generator) if day is None else day
    buyer = buyer or _buyer(scene, supplier, ordered)
    same = generator.random() < 0.75
    goods = sector.goods[supplier.goods if same else int(generator.integers(len(sector.goods)))]
    premium = scene.chance(_GRADE_SHARE)
    shipped = ordered + scene.wait(sector.lead_days)
    invoiced = shipped + float(generator.normal(1.0, 1.5))
    on_order = scene.line.kind == "order_finance"
    price = (
        goods.price_usd * scene.line.place.minor_per_usd * np.exp(supplier.grade + generator.normal(0, _PRICE_NOISE))
    )
    return Deal(
        supplier=supplier,
        buyer=buyer,
        financier=_financier(scene, supplier, buyer),
        goods=goods,
        quantity=_quantity(scene, goods, supplier.size),
        price_minor=round(float(price * (scene.between(1.15, _MOST_GRADE) if premium else 1.0)), 1),
        ordered=ordered,
        shipped=shipped,
        invoiced=invoiced,
        requested=(ordered if on_order else invoiced) + 0.5 + scene.wait(4.0),
        tenor_days=sector.tenors_days[int(generator.integers(len(sector.tenors_days)))],
        has_order=on_order or scene.chance(_ORDERED_SHARE),
        has_shipment=scene.chance(0.93),
        premium=premium and scene.chance(0.7),
    )


def _buyer(scene: Scene, supplier: Supplier, day: float) -> Firm:
    buyer = supplier.buyers[draw_one(supplier.chances, scene.generator)]
    return buyer if buyer.since_day <= day else next(one for one in scene.economy.buyers if one.since_day <= day)


def _financier(scene: Scene, supplier: Supplier, buyer: Firm) -> Firm:
    """Return who is asked for money: mostly the usual one; a buyer that discounts lends its own."""
    usual = scene.generator.random() < 0.8
    if scene.line.kind == "dynamic_discounting":
        return buyer
    return supplier.financiers[0 if usual else -1]


def sized(scene: Scene, deal: Deal, factor: float) -> Deal:
    """Return a sale of more or less, in whole lots as often as any."""
    return replace(deal, quantity=_whole(scene, deal.goods, deal.quantity * 10.0**-deal.goods.scale * factor))


def _quantity(scene: Scene, goods: Goods, size: float) -> int:
    return _whole(scene, goods, goods.lot * size * float(np.exp(scene.generator.normal(0, 0.5))))


def _whole(scene: Scene, goods: Goods, drawn: float) -> int:
    """Return a quantity in the goods' scale; half of all are whole lots."""
    if scene.chance(0.5):
        step = 10.0 ** math.floor(math.log10(max(drawn, 1.0)) - 0.5)
        return max(round(round(drawn / step) * step * 10.0**goods.scale), 1)
    return max(round(drawn * 10.0**goods.scale), 1)

"""The firms of a line, who trades with whom, and who finances whom."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stream.simulation.supply_chain.firm import Firm, draw_firm
from stream.simulation.supply_chain.line_profile import SupplyChainLine
from stream.simulation.supply_chain.place import PLACES, Place

_TRADER_SHARE = 0.25
_NEW_BUYER_SHARE = 0.12
_BUYER_AT_HOME, _SELLER_AT_HOME = 0.45, 0.6
_MOST_BUYERS = 9
_CARRIERS = 8
_SELLERS_A_WAREHOUSE = 3


@dataclass(frozen=True, slots=True)
class Supplier:
    """A seller's standing relations.

    Attributes:
        firm: Who it is.
        buyers: Whom it sells to.
        chances: Cumulative share of its sales to each.
        financiers: Who finances it, its usual one first.
        goods: Number of the goods that it sells mostly.
        grade: Log of its prices over usual ones.
        size: Its lots over usual ones.
        advance: Share of a claim that is paid out.
        limit_usd: Most that it may draw.
    """

    firm: Firm
    buyers: tuple[Firm, ...]
    chances: npt.NDArray[np.float64]
    financiers: tuple[Firm, ...]
    goods: int
    grade: float
    size: float
    advance: float
    limit_usd: int


@dataclass(frozen=True, slots=True)
class Economy:
    """All firms of a line.

    Attributes:
        suppliers: Who sells.
        chances: Cumulative share of all sales of each.
        buyers: Who buys; some of them sell too.
        carriers: Who carry goods.
        warehouses: Who store goods.
        financiers: Who lend.
    """

    suppliers: tuple[Supplier, ...]
    chances: npt.NDArray[np.float64]
    buyers: tuple[Firm, ...]
    carriers: tuple[Firm, ...]
    warehouses: tuple[Firm, ...]
    financiers: tuple[Firm, ...]


def draw_economy(line: SupplyChainLine, days: float, generator: np.random.Generator) -> Economy:
    """Return the firms of a line."""
    sellers = [draw_firm(_place(line.place, _SELLER_AT_HOME, generator), generator) for _ in range(line.sellers)]
    traders = sellers[: int(_TRADER_SHARE * line.sellers)]
    buyers = traders + [_buyer(line.place, days, generator) for _ in range(line.buyers - len(traders))]
    financiers = [draw_firm(_place(line.place, _BUYER_AT_HOME, generator), generator) for _ in range(line.financiers)]
    return Economy(
        suppliers=tuple(_supplier(line, firm, buyers, financiers, generator) for firm in sellers),
        chances=_cumulative(generator.gamma(0.9, size=line.sellers) + 0.02),
        buyers=tuple(buyers),
        carriers=tuple(draw_firm(_place(line.place, _BUYER_AT_HOME, generator), generator) for _ in range(_CARRIERS)),
        warehouses=tuple(
            draw_firm(_place(line.place, _BUYER_AT_HOME, generator), generator) for _ in range(_warehouses(line))
        ),
        financiers=tuple(financiers),
    )


def _warehouses(line: SupplyChainLine) -> int:
    return max(line.sellers // _SELLERS_A_WAREHOUSE, 4)


def draw_one(chances: npt.NDArray[np.float64], generator: np.random.Generator) -> int:
    """Return a number drawn by cumulative shares."""
    return int(chances.searchsorted(generator.random(), side="right"))


def _supplier(
    line: SupplyChainLine, firm: Firm, buyers: list[Firm], financiers: list[Firm], generator: np.random.Generator
) -> Supplier:
    others = [one for one in buyers if one is not firm]
    count = int(generator.integers(3, min(_MOST_BUYERS, len(others)) + 1))
    known = [others[one] for one in generator.choice(len(others), count, replace=False).tolist()]
    lenders = generator.permutation(len(financiers)).tolist()
    return Supplier(
        firm=firm,
        buyers=tuple(known),
        chances=_cumulative(np.power(0.7, np.arange(count)) + 0.03),
        financiers=tuple(financiers[one] for one in lenders),
        goods=int(generator.integers(len(line.sector.goods))),
        grade=float(generator.normal(0, 0.12)),
        size=float(np.exp(generator.normal(0, 0.6))),
        advance=float(generator.choice([0.8, 0.85, 0.9, 0.95, 1.0])),
        limit_usd=int(generator.choice([250_000, 500_000, 1_000_000, 2_000_000])),
    )


def _buyer(home: Place, days: float, generator: np.random.Generator) -> Firm:
    place = _place(home, _BUYER_AT_HOME, generator)
    new = generator.random() < _NEW_BUYER_SHARE
    return draw_firm(place, generator, float(generator.uniform(0, days)) if new else -1_000.0)


def _place(home: Place, share: float, generator: np.random.Generator) -> Place:
    return home if generator.random() < share else PLACES[generator.integers(len(PLACES))]


def _cumulative(weights: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    shares = np.cumsum(np.asarray(weights / weights.sum(), np.float64))
    shares[-1] = 1.0
    return shares

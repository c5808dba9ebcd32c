"""Who sells to whom: each firm's largest edges, and the circles of two to four sales that an edge closes.

A circle s -> b -> ... -> s through a sale of s to b needs a way back from b to s. A way of one or two
edges is read off the edges out of b and into s; of three, the edges out of each firm that b sells to
are held against those into s. So a search looks at no more than EDGES + 1 other rows and compares
EDGES^3 + EDGES^2 keys, whatever the graph. What is missed: a circle with an edge that is not among
its firm's EDGES largest.
"""

from typing import Any

import numpy as np

from stream.features.decayed_window import DAY_S, decay
from stream.features.kernel import kernel
from stream.features.trade.slot_table import Slots, look, take
from stream.features.trade.trade_columns import BUYERS, CYCLE_BALANCE, CYCLE_FLOW, CYCLE_HOPS, PAIR_SHARE
from stream.features.trade.trade_rows import EDGES

FLOW_HALF_LIFE_S = 30 * DAY_S
WINDOW_DAYS = 60.0
"""A circle's sales lie no further from the one that closes it."""


@kernel
def add_sale(nodes: Slots, seller: Any, buyer: Any, amount: float, now_s: float, tick: Any) -> None:
    """Add a sale to the seller's edges out and to the buyer's edges in."""
    row = nodes.data[take(nodes, seller, tick)]
    behind_s = _move(row, now_s)
    _put(row.out_key, row.out_flow, row.out_amount, row.out_day, buyer, amount, now_s, behind_s)
    row = nodes.data[take(nodes, buyer, tick)]
    behind_s = _move(row, now_s)
    _put(row.in_key, row.in_flow, row.in_amount, row.in_day, seller, amount, now_s, behind_s)


@kernel
def _move(row: Any, now_s: float) -> float:
    """Decay a node's flows up to a time; return by how much the time lies before where they stand."""
    if np.isnan(row.last_s_or_nan):
        row.last_s_or_nan = now_s
    elapsed_s = now_s - row.last_s_or_nan
    if elapsed_s <= 0.0:
        return float(-elapsed_s)
    weight = decay(elapsed_s, FLOW_HALF_LIFE_S)
    for place in range(EDGES):
        row.out_flow[place] = np.float32(row.out_flow[place] * weight)
        row.in_flow[place] = np.float32(row.in_flow[place] * weight)
    row.last_s_or_nan = now_s
    return 0.0


@kernel
def _put(
    keys: Any, flows: Any, amounts: Any, days: Any, other: Any, amount: float, now_s: float, behind_s: float
) -> None:  # fmt: skip
    flow = np.float32(amount * decay(behind_s, FLOW_HALF_LIFE_S))
    day = np.float32(now_s / DAY_S)
    least = 0
    for place in range(EDGES):
        if keys[place] == other:
            flows[place] += flow
            if day >= days[place]:
                amounts[place] = np.float32(amount)
                days[place] = day
            return
        # An empty place has no flow, and is the first of the least.
        if keys[least] != 0 and (keys[place] == 0 or flows[place] < flows[least]):
            least = place
    if keys[least] == 0 or flow >= flows[least]:
        keys[least] = other
        flows[least] = flow
        amounts[least] = np.float32(amount)
        days[least] = day


@kernel
def find_circles(nodes: Slots, seller: Any, buyer: Any, amount: float, now_s: float, out: Any) -> None:
    """Fill the features of the circles that a sale of `amount` closes.

    A circle's balance is its smallest last sale over its largest: 1 where as much comes back as
    went out, so that nobody's net flow is more than the difference. The best circle counts.
    """
    out[CYCLE_HOPS] = 0.0
    out[CYCLE_BALANCE] = 0.0
    out[CYCLE_FLOW] = 0.0
    at, back = look(nodes, buyer), look(nodes, seller)
    if at < 0 or back < 0 or seller == buyer:
        return
    first, last = nodes.data[at], nodes.data[back]
    day = now_s / DAY_S
    flow = _flow_out(last, buyer, now_s)
    flow = flow if flow > 0.0 else amount
    fade, fade_back = _fade(first, now_s), _fade(last, now_s)
    for one in range(EDGES):
        middle = first.out_key[one]
        if middle == 0 or abs(day - first.out_day[one]) > WINDOW_DAYS:
            continue
        low, high = _span(amount, amount, first.out_amount[one])
        least, most = _span(flow, flow, first.out_flow[one] * fade)
        if middle == seller:
            _tell(out, 2.0, low, high, least, most)
            continue
        if middle == buyer:
            continue
        slot = look(nodes, middle)
        for two in range(EDGES):
            other = last.in_key[two]
            if other == 0 or other in (buyer, seller) or abs(day - last.in_day[two]) > WINDOW_DAYS:
                continue
            low_back, high_back = _span(low, high, last.in_amount[two])
            least_back, most_back = _span(least, most, last.in_flow[two] * fade_back)
            if other == middle:
                _tell(out, 3.0, low_back, high_back, least_back, most_back)
            elif slot >= 0:
                _close(nodes.data[slot], other, day, now_s, low_back, high_back, least_back, most_back, out)


@kernel
def _close(
    row: Any, other: Any, day: float, now_s: float, low: float, high: float, least: float, most: float, out: Any
) -> None:  # fmt: skip
    """Tell the circle of four hops that an edge of `row` to `other` closes, if there is one."""
    for place in range(EDGES):
        if row.out_key[place] == other and abs(day - row.out_day[place]) <= WINDOW_DAYS:
            low, high = _span(low, high, row.out_amount[place])
            least, most = _span(least, most, row.out_flow[place] * _fade(row, now_s))
            _tell(out, 4.0, low, high, least, most)
            return


@kernel
def _span(low: float, high: float, value: float) -> Any:
    return min(low, value), max(high, value)


@kernel
def _fade(row: Any, now_s: float) -> float:
    return decay(max(now_s - row.last_s_or_nan, 0.0), FLOW_HALF_LIFE_S)


@kernel
def _flow_out(row: Any, other: Any, now_s: float) -> float:
    for place in range(EDGES):
        if row.out_key[place] == other:
            return float(row.out_flow[place] * _fade(row, now_s))
    return 0.0


@kernel
def _tell(out: Any, hops: float, low: float, high: float, least: float, most: float) -> None:
    balance = low / high if high > 0.0 else 0.0
    if balance > out[CYCLE_BALANCE] or out[CYCLE_HOPS] == 0.0:
        out[CYCLE_BALANCE] = balance
        out[CYCLE_HOPS] = hops
    if most > 0.0:
        out[CYCLE_FLOW] = max(out[CYCLE_FLOW], least / most)


@kernel
def tell_partners(nodes: Slots, seller: Any, buyer: Any, out: Any) -> None:
    """Fill the buyer's share of the seller's flow, and how many buyers there are by its entropy (its exponential)."""
    at = look(nodes, seller)
    if at < 0:
        return
    row = nodes.data[at]
    total, own = 0.0, 0.0
    for place in range(EDGES):
        total += row.out_flow[place]
        if row.out_key[place] == buyer:
            own = float(row.out_flow[place])
    if total <= 0.0:
        return
    entropy = 0.0
    for place in range(EDGES):
        share = row.out_flow[place] / total
        if share > 0.0:
            entropy -= share * np.log(share)
    out[PAIR_SHARE] = own / total
    out[BUYERS] = np.exp(entropy)


@kernel
def sellers_of(nodes: Slots, buyer: Any) -> float:
    """Return how many sellers stand among a buyer's edges in, at most EDGES; NaN where it is not known."""
    at = look(nodes, buyer)
    if at < 0:
        return np.nan
    count = 0.0
    for place in range(EDGES):
        if nodes.data[at].in_key[place] != 0:
            count += 1.0
    return count

"""Circles of trade, found in bounded memory."""

from itertools import pairwise

import numpy as np
import pytest

from stream.features.trade.slot_table import SlotTable, look
from stream.features.trade.trade_columns import CYCLE_BALANCE, CYCLE_FLOW, CYCLE_HOPS, TRADE_WIDTH
from stream.features.trade.trade_graph import add_sale, find_circles
from stream.features.trade.trade_rows import EDGES, NODE_ROW

NOW_S = 1.7e9
DAY_S = 86400.0


def nodes_of(*sales):
    nodes = SlotTable(b"n", NODE_ROW, 1024).slots
    for tick, (seller, buyer, amount, days_ago) in enumerate(sales, 1):
        add_sale(nodes, np.uint64(seller), np.uint64(buyer), amount, NOW_S - days_ago * DAY_S, np.uint64(tick))
    return nodes


def circle(nodes, seller=1, buyer=2, amount=100.0):
    out = np.full(TRADE_WIDTH, np.nan, np.float32)
    find_circles(nodes, np.uint64(seller), np.uint64(buyer), amount, NOW_S, out)
    return out[CYCLE_HOPS], out[CYCLE_BALANCE], out[CYCLE_FLOW]


@pytest.mark.parametrize("hops", [2, 3, 4])
def test_a_circle_is_found_and_its_balance_told(hops):
    firms = [*range(1, hops + 1), 1]
    sales = [(seller, buyer, 80.0 if seller == 2 else 100.0, 0) for seller, buyer in pairwise(firms)]
    assert circle(nodes_of(*sales)) == pytest.approx((hops, 0.8, 0.8))


def test_five_hops_are_no_circle():
    assert circle(nodes_of(*[(at, at % 5 + 1, 100.0, 0) for at in range(1, 6)]))[0] == 0


def test_a_circle_whose_sale_lies_outside_the_window_is_none():
    assert circle(nodes_of((1, 2, 100.0, 0), (2, 1, 100.0, 59)))[0] == 2
    assert circle(nodes_of((2, 1, 100.0, 61), (1, 2, 100.0, 0)))[0] == 0


def test_the_best_balanced_circle_counts():
    sales = [(1, 2, 100.0, 0), (2, 1, 10.0, 0), (2, 3, 99.0, 0), (3, 1, 98.0, 0)]
    assert circle(nodes_of(*sales))[:2] == pytest.approx((3, 0.98))


def test_a_way_that_passes_a_firm_twice_is_no_circle():
    assert circle(nodes_of((1, 2, 100.0, 0), (2, 3, 100.0, 0), (3, 2, 100.0, 0)))[0] == 0


def test_the_largest_edges_are_kept():
    sales = [(1, other, 100.0 + other, 0) for other in range(2, 2 + EDGES)]
    nodes = nodes_of(*sales, (1, 90, 5.0, 0), (1, 91, 500.0, 0))
    kept = set(nodes.data[look(nodes, np.uint64(1))]["out_key"].tolist())
    assert kept == {*range(3, 2 + EDGES), 91}

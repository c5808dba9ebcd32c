"""Goods in a warehouse against what it can hold."""

from typing import Any

import numpy as np

from stream.features.kernel import kernel
from stream.features.trade import trade_columns as to
from stream.features.trade.trade_window import STORE_S, advance, fade, weigh


@kernel
def store_goods(document: Any, row: Any) -> None:
    """Add a receipt's share of the capacity: as told, else as last told for its goods, else the mean share."""
    since_s = advance(row, document.occurred_at_s)
    _move(row, since_s)
    if document.capacity > 0.0:
        row.capacity = document.capacity
        row.goods = document.goods
    if row.capacity > 0.0 and row.goods == document.goods:
        share = document.quantity / row.capacity
        row.known += 1.0
        row.shares += share
    else:
        share = row.shares / row.known if row.known > 0.0 else 0.0
    row.fill += share * weigh(since_s, STORE_S)


@kernel
def tell_store(row: Any, now_s: float, out: Any) -> None:
    """Fill the warehouse's fill as it stands now."""
    out[to.STORE_FILL] = row.fill * fade(now_s - row.last_s_or_nan, STORE_S) if row.known > 0.0 else np.nan


@kernel
def _move(row: Any, since_s: float) -> None:
    row.fill *= fade(since_s, STORE_S)

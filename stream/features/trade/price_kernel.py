"""Unit prices against their goods code's own distribution, and the seller's usual place in it."""

from typing import Any

import numpy as np

from stream.features.kernel import kernel
from stream.features.trade.slot_table import Slots, mix, take
from stream.features.trade.trade_window import SLOW_S, advance, fade, weigh

# Prices that a code must have shown before one is compared.
_LEAST_PRICES = 3.0
# One prior price with a spread of a fifth.
_PRIOR_VARIANCE = 0.04


@kernel
def observe_price(document: Any, row: Any, goods: Slots, seller: Any, is_sale: Any, tick: Any) -> None:
    """Keep in a document's row how its unit price compares; a sale's is then taken into the code's and seller's own."""
    if document.goods == 0 or not document.amount > 0.0 or not document.quantity > 0.0:
        return
    code = goods.data[take(goods, mix(mix(document.goods, document.currency), document.dimension), tick)]
    since_s = advance(code, document.occurred_at_s)
    _move(code, since_s)
    log_price = np.log(document.amount / document.quantity)
    if code.count >= _LEAST_PRICES:
        mean = code.price / code.count
        variance = max(code.square / code.count - mean * mean, 0.0)
        spread = np.sqrt((code.count * variance + _PRIOR_VARIANCE) / (code.count + 1.0))
        row.price_or_nan = np.float32(log_price - mean)
        row.deviation_or_nan = np.float32((log_price - mean) / spread)
        if seller.prices > 0.0:
            row.own_price_or_nan = np.float32(log_price - mean - seller.price / seller.prices)
        if is_sale:
            late = weigh(document.occurred_at_s - seller.last_s_or_nan, SLOW_S)
            seller.prices += late
            seller.price += (log_price - mean) * late
    if is_sale:
        weight = weigh(since_s, SLOW_S)
        code.count += weight
        code.price += log_price * weight
        code.square += log_price * log_price * weight


@kernel
def _move(code: Any, since_s: float) -> None:
    slow = fade(since_s, SLOW_S)
    code.count *= slow
    code.price *= slow
    code.square *= slow

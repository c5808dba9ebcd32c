"""The windows of trade, and how rows and columns are told in days and ratios."""

from typing import Any

import numpy as np

from stream.features.decayed_window import DAY_S, decay
from stream.features.kernel import kernel

FAST_S, SLOW_S, LOAN_S = 14 * DAY_S, 90 * DAY_S, 180 * DAY_S
"""Half-lives: of what is new in a seller's turnover, of what is usual in it, of what it owes."""
STORE_S = 30 * DAY_S
"""Half-life of goods in a warehouse."""
NEAR_DAYS = 30.0
"""A shipment this near to an invoice's date is its own; a pair this young is new."""

_MOST_RATIO = 10.0


@kernel
def signed_log(value: float) -> float:
    """Return the logarithm of one more than a size, with its sign."""
    return float(np.sign(value) * np.log1p(abs(value)))


@kernel
def log_ratio(over: Any, under: Any) -> float:
    """Return log(over / under), NaN where either is not positive."""
    if over > 0.0 and under > 0.0:
        return float(np.log(over / under))
    return np.nan


@kernel
def capped_ratio(over: float, under: float) -> float:
    """Return over / under between 0 and 10, NaN where under is not positive."""
    if under > 0.0:
        return min(max(over / under, 0.0), _MOST_RATIO)
    return np.nan


@kernel
def advance(row: Any, now_s: float) -> float:
    """Move the row's time on; return how long after it, or less than 0 before it, an event happened."""
    if np.isnan(row.last_s_or_nan):
        row.last_s_or_nan = now_s
    since_s = now_s - row.last_s_or_nan
    row.last_s_or_nan = max(row.last_s_or_nan, now_s)
    return float(since_s)


@kernel
def fade(elapsed_s: float, half_life_s: float) -> float:
    """Return what is left of a sum when its row moves on; all of it for a late event."""
    return decay(max(elapsed_s, 0.0), half_life_s)


@kernel
def weigh(elapsed_s: float, half_life_s: float) -> float:
    """Return what a late event still counts; all of it for one that moves the row on."""
    return decay(max(-elapsed_s, 0.0), half_life_s)

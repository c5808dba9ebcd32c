"""A seller in one currency: its turnover, financing and debts, the habits of its amounts, its dilution."""

from typing import Any

import numpy as np

from stream.features.decayed_window import DAY_S
from stream.features.kernel import kernel
from stream.features.roundness import trailing_zeros
from stream.features.trade import trade_columns as to
from stream.features.trade.document_columns import CREDIT, DRAWDOWN, INVOICE, REPAYMENT, REQUEST
from stream.features.trade.trade_window import FAST_S, LOAN_S, SLOW_S, advance, capped_ratio, fade, signed_log, weigh

_DIGITS = 9
# Sales with Benford's digits that are believed before any is seen.
_PRIOR_SALES = 10.0
# A rate is taken over a day at least.
_SHORTEST_S = DAY_S


@kernel
def observe_seller(document: Any, row: Any, is_sale: Any, out: Any) -> None:
    """Fill the features of the document's seller, and change its row."""
    now_s, amount = document.occurred_at_s, document.amount
    since_s = advance(row, now_s)
    _move(row, since_s)
    if np.isnan(row.first_s_or_nan) or now_s < row.first_s_or_nan:
        row.first_s_or_nan = now_s
    zeros = trailing_zeros(amount) if amount > 0.0 else np.nan
    out[to.ZEROS] = zeros
    if row.sales > 0.0:
        out[to.ZEROS_VS_OWN] = zeros - row.zeros / row.sales
    if document.kind == REPAYMENT:
        out[to.SINCE_DRAWDOWN] = signed_log((now_s - row.drawn_s_or_nan) / DAY_S)
    if amount > 0.0:
        _add(document, row, is_sale, since_s, zeros)
    out[to.BENFORD] = _benford_distance(row)
    out[to.DILUTION] = capped_ratio(row.credited, row.invoiced)
    out[to.TURNOVER_GROWTH] = _growth(row, row.turnover)
    out[to.FINANCING_GROWTH] = _growth(row, row.financed)
    asked = amount if document.kind == REQUEST and amount > 0.0 else 0.0
    out[to.LIMIT_USE] = capped_ratio(row.drawn + asked, row.limit)


@kernel
def _move(row: Any, since_s: float) -> None:
    fast, slow = fade(since_s, FAST_S), fade(since_s, SLOW_S)
    row.turnover[0] *= fast
    row.financed[0] *= fast
    row.turnover[1] *= slow
    row.financed[1] *= slow
    row.invoiced *= slow
    row.credited *= slow
    row.sales *= slow
    row.zeros *= slow
    row.prices *= slow
    row.price *= slow
    for digit in range(_DIGITS):
        row.digits[digit] *= slow
    row.drawn *= fade(since_s, LOAN_S)


@kernel
def _add(document: Any, row: Any, is_sale: Any, since_s: float, zeros: float) -> None:
    amount, fast, slow = document.amount, weigh(since_s, FAST_S), weigh(since_s, SLOW_S)
    if is_sale:
        row.turnover[0] += amount * fast
        row.turnover[1] += amount * slow
        row.sales += slow
        row.zeros += zeros * slow
        row.digits[first_digit(amount) - 1] += slow
    if document.kind == REQUEST:
        row.financed[0] += amount * fast
        row.financed[1] += amount * slow
    elif document.kind == INVOICE:
        row.invoiced += amount * slow
    elif document.kind == CREDIT:
        row.credited += amount * slow
    elif document.kind == REPAYMENT:
        row.drawn -= amount * weigh(since_s, LOAN_S)
    elif document.kind == DRAWDOWN:
        row.drawn += amount * weigh(since_s, LOAN_S)
        if since_s >= 0.0 or row.limit == 0.0:
            row.limit = document.limit
        if np.isnan(row.drawn_s_or_nan) or document.occurred_at_s > row.drawn_s_or_nan:
            row.drawn_s_or_nan = document.occurred_at_s


@kernel
def first_digit(amount: float) -> Any:
    """Return the first digit of a whole amount above nought."""
    whole = np.int64(amount)
    while whole >= 10:
        whole //= 10
    return whole


@kernel
def _benford_distance(row: Any) -> float:
    # Benford, The law of anomalous numbers, 1938: digit d leads with probability log10(1 + 1/d).
    total = _PRIOR_SALES
    for digit in range(_DIGITS):
        total += row.digits[digit]
    distance = 0.0
    for digit in range(_DIGITS):
        usual = np.log10(1.0 + 1.0 / (digit + 1.0))
        distance += abs((row.digits[digit] + _PRIOR_SALES * usual) / total - usual)
    return distance / 2.0


@kernel
def _growth(row: Any, sums: Any) -> float:
    """Return the log of the fast window's rate over the slow one's, both over no longer than the seller is known."""
    if not sums[1] > 0.0 or not sums[0] > 0.0:
        return np.nan
    age_s = row.last_s_or_nan - row.first_s_or_nan
    return float(np.log((sums[0] / _length_s(age_s, FAST_S)) / (sums[1] / _length_s(age_s, SLOW_S))))


@kernel
def _length_s(age_s: float, half_life_s: float) -> float:
    return float(half_life_s / np.log(2.0) * (1.0 - fade(age_s, half_life_s)) + _SHORTEST_S)

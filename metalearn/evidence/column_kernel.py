"""The compiled loop that fills a row's evidence columns."""

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ranks = npt.NDArray[np.int32]

BLOCKS = 7
"""Columns of each feature: value, ratio, shrunk ratio, best exemplar, mean over exemplars, relevance, shared tails."""
TOTALS = 10
"""After them: six sums over exemplars, two over features, the logarithm of one and the frauds, shared tails' sum."""
SHARED_TAILS = BLOCKS - 1
"""The number of their block, the last."""


@numba.njit(cache=True, nogil=True, fastmath={"contract", "arcp", "nsz"})
def rank_rows(rows: Floats, background: Floats, low: Ranks, high: Ranks) -> None:
    """Count background values below and not above each value."""
    features, count = background.shape
    for j in range(features):
        values = background[j]
        for i in range(len(rows)):
            x = rows[i, j]
            first, last = 0, count
            while first < last:
                middle = (first + last) // 2
                if values[middle] < x:
                    first = middle + 1
                else:
                    last = middle
            low[i, j] = first
            if first < count and values[first] == x:
                last = count
                while first < last:
                    middle = (first + last) // 2
                    if values[middle] <= x:
                        first = middle + 1
                    else:
                        last = middle
            high[i, j] = first


@numba.njit(cache=True, nogil=True, fastmath={"contract", "arcp", "nsz"})
def fill_ratios(rows: Floats, ratio: Floats, shrunk: Floats, reach: float, out: Floats) -> None:
    """Write value, ratio and shrunk ratio of each feature, and the sums of the last two."""
    features, points = ratio.shape
    cells = points - 1
    scale = cells / (2.0 * reach)
    for i in range(len(rows)):
        total, total_shrunk = np.float32(0.0), np.float32(0.0)
        for j in range(features):
            x = min(max(rows[i, j], -reach), reach)
            place = (x + reach) * scale
            cell = min(int(place), cells - 1)
            part = np.float32(place - cell)
            first = ratio[j, cell] + part * (ratio[j, cell + 1] - ratio[j, cell])
            second = shrunk[j, cell] + part * (shrunk[j, cell + 1] - shrunk[j, cell])
            out[i, j] = rows[i, j]
            out[i, features + j] = first
            out[i, 2 * features + j] = second
            total += first
            total_shrunk += second
        out[i, BLOCKS * features + 6] = total
        out[i, BLOCKS * features + 7] = total_shrunk


@numba.njit(cache=True, nogil=True, fastmath={"contract", "arcp", "nsz"})
def fill_tails(low: Ranks, high: Ranks, own: Ranks, steps: Ranks, tables: Floats, out: Floats) -> None:
    """Write what a row shares of the frauds' tails in each feature, and the sum; `own` as of `fill_exemplars`."""
    features = len(tables)
    last = len(steps) - 1
    for i in range(len(low)):
        total = np.float32(0.0)
        mine = own[i]
        for j in range(features):
            above, below = max(last - low[i, j] - mine, 0), max(high[i, j] - mine, 0)
            one = tables[j, 0, steps[above]] + tables[j, 1, steps[below]]
            out[i, SHARED_TAILS * features + j] = one
            total += one
        out[i, BLOCKS * features + 9] = total


@numba.njit(cache=True, nogil=True, fastmath={"contract", "arcp", "nsz"})
def fill_exemplars(  # noqa: C901 - compiled in one piece
    low: Ranks,
    high: Ranks,
    exemplar_low: Ranks,
    exemplar_high: Ranks,
    surprise: Floats,
    weights: Floats,
    relevant: Floats,
    skip: Ranks,
    own: Ranks,
    out: Floats,
) -> None:
    """Write the exemplar columns.

    `skip[i]` is the exemplar that row i is, -1 for none; `own[i]` is 1 where the row
    itself is in the background, so that it must not count.
    """
    count, features = exemplar_low.shape
    weighted = np.empty(count, np.float32)
    plain = np.empty(count, np.float32)
    mean = np.empty(features, np.float32)
    for i in range(len(low)):
        mean[:] = 0.0
        best, used = -1, 0
        most, most_plain = np.float32(-1.0), np.float32(-1.0)
        second, third = np.float32(-1.0), np.float32(-1.0)
        total = np.float32(0.0)
        mine = own[i]
        for e in range(count):
            if e == skip[i]:
                continue
            sum_weighted, sum_plain = np.float32(0.0), np.float32(0.0)
            for j in range(features):
                # The one that is counted from its lower end to the other's upper end is the larger.
                between = max(high[i, j] - exemplar_low[e, j], exemplar_high[e, j] - low[i, j])
                one = surprise[max(between - mine, 0)]
                mean[j] += one
                sum_plain += one
                sum_weighted += weights[j] * one
            weighted[used], plain[used] = sum_weighted, sum_plain
            used += 1
            total += sum_weighted
            most_plain = max(most_plain, sum_plain)
            if sum_weighted > most:
                second, third = most, second
                most, best = sum_weighted, e
            elif sum_weighted > second:
                second, third = sum_weighted, second
            elif sum_weighted > third:
                third = sum_weighted
        first_total = BLOCKS * features
        if used == 0:
            out[i, 3 * features : SHARED_TAILS * features] = 0.0
            out[i, BLOCKS * features : BLOCKS * features + 6] = 0.0
            continue
        for j in range(features):
            between = max(high[i, j] - exemplar_low[best, j], exemplar_high[best, j] - low[i, j])
            out[i, 3 * features + j] = surprise[max(between - mine, 0)]
            out[i, 4 * features + j] = mean[j] / used
            out[i, 5 * features + j] = relevant[j]
        spread, spread_plain = 0.0, 0.0
        for e in range(used):
            spread += np.exp(0.5 * (weighted[e] - most))
            spread_plain += np.exp(0.5 * (plain[e] - most_plain))
        out[i, first_total] = most_plain
        out[i, first_total + 1] = most
        out[i, first_total + 2] = 0.5 * most + np.log(spread / used)
        out[i, first_total + 3] = 0.5 * most_plain + np.log(spread_plain / used)
        top = most + (second if used > 1 else 0.0) + (third if used > 2 else 0.0)
        out[i, first_total + 4] = top / min(used, 3)
        out[i, first_total + 5] = total / used

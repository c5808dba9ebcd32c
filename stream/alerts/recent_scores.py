"""A line's recent scores: a histogram that decays in event time, and the threshold it gives.

One row of numbers holds all of it: blocks of bins, each with its sum (a threshold is found without walking
all bins), and a few times and counts. An event changes one block and those few, so that a row's changes are
told by blocks.
"""

import math

import numba
import numpy as np
import numpy.typing as npt

from stream.scoring.score_histogram import BINS, bin_position

Row = npt.NDArray[np.float64]
Doubles = npt.NDArray[np.float64]

HALF_LIFE_S = 86_400.0
_DAY_S = 86_400.0
_DECAY = math.log(2.0) / HALF_LIFE_S
_BINS_OF_BLOCK = 16
BLOCKS = BINS // _BINS_OF_BLOCK
# A block's bins and their sum, which is not to the last bit what adding them anew would give.
BLOCK = _BINS_OF_BLOCK + 1
# After the blocks: newest event time; seconds lived, silences cut short; the
# second whose events weigh 1; total weight; number of events.
HEAD = BLOCKS * BLOCK
_NEWEST, _LIVED, _UNIT, _TOTAL, _SEEN = HEAD, HEAD + 1, HEAD + 2, HEAD + 3, HEAD + 4
WIDTH = HEAD + 5
# A longer silence counts as this long. Were all of it decayed, the first events after it
# would find a line that seems to have fewer events than its budget, and all be alerts.
_MOST_SILENCE_S = 86_400.0
# Before so many events a line's share of high scores is not known at all.
LEAST_EVENTS = 20.0
# Weights grow to exp of this, far from the largest number.
_MOST_EXPONENT = 400.0


def refill(row: Row, histogram: npt.NDArray[np.float64]) -> None:
    """Spread a row's total over the bins as another distribution of scores.

    Args:
        row: Changed in place.
        histogram: Share of scores in each bin, [512].
    """
    _put_bins(row, histogram * row[_TOTAL])
    blocks = row[:HEAD].reshape(BLOCKS, BLOCK)
    blocks[:, -1] = blocks[:, :-1].sum(1)


def take_former(row: Row, former: npt.NDArray[np.float64]) -> None:
    """Take a row as an earlier release wrote it: all bins, then their sums, then times and counts; [WIDTH]."""
    _put_bins(row, former[:BINS])
    row[:HEAD].reshape(BLOCKS, BLOCK)[:, -1] = former[BINS:HEAD]
    row[HEAD:] = former[HEAD:]


def _put_bins(row: Row, bins: npt.NDArray[np.float64]) -> None:
    row[:HEAD].reshape(BLOCKS, BLOCK)[:, :-1] = bins.reshape(BLOCKS, _BINS_OF_BLOCK)


@numba.njit(cache=True, nogil=True)
def find_thresholds(
    rows: Doubles,
    touched: npt.NDArray[np.bool_],
    line: npt.NDArray[np.int64],
    scores: Doubles,
    occurred_at_s: Doubles,
    budget_per_day: Doubles,
    positions: Doubles,
) -> None:
    """Judge each event by its line's events before it, then count it; one after the other.

    Args:
        rows: The lines' recent scores, [lines, WIDTH]; changed in place.
        touched: Set where a block is changed, [lines, BLOCKS].
        line: Each event's row, [n].
        scores: In order of arrival, [n].
        occurred_at_s: Event times, [n].
        budget_per_day: Alerts a day of each event's line, [n].
        positions: Filled with each event's threshold on the scale of bins, [n].
    """
    for index in range(len(scores)):
        row = rows[line[index]]
        now_s = occurred_at_s[index]
        if row[_SEEN] == 0.0:
            row[_NEWEST] = now_s
        late_s = max(row[_NEWEST] - now_s, 0.0)
        row[_LIVED] += min(max(now_s - row[_NEWEST], 0.0), _MOST_SILENCE_S)
        row[_NEWEST] = max(row[_NEWEST], now_s)
        if _DECAY * (row[_LIVED] - row[_UNIT]) > _MOST_EXPONENT:
            _rescale(row)
            touched[line[index]] = True
        positions[index] = _threshold(row, budget_per_day[index])
        # Instead of decaying all bins, each event weighs more than the last one.
        weight = np.exp(_DECAY * (row[_LIVED] - late_s - row[_UNIT]))
        at = min(int(bin_position(scores[index])), BINS - 1)
        block = at // _BINS_OF_BLOCK
        row[BLOCK * block + at % _BINS_OF_BLOCK] += weight
        row[BLOCK * block + _BINS_OF_BLOCK] += weight
        touched[line[index], block] = True
        row[_TOTAL] += weight
        row[_SEEN] += 1.0


@numba.njit(cache=True, nogil=True)
def _rescale(row: Row) -> None:
    factor = np.exp(-_DECAY * (row[_LIVED] - row[_UNIT]))
    for index in range(HEAD):
        row[index] *= factor
    row[_TOTAL] *= factor
    row[_UNIT] = row[_LIVED]


@numba.njit(cache=True, nogil=True)
def _threshold(row: Row, budget_per_day: float) -> float:
    if row[_SEEN] < LEAST_EVENTS or budget_per_day <= 0.0:
        return float(BINS)
    # A steady stream of r events a second has a decayed total of r / decay, of which a
    # line younger than some half-lives has gathered a part.
    gathered = -np.expm1(-_DECAY * row[_LIVED])
    allowed = budget_per_day / _DAY_S / _DECAY * gathered * np.exp(_DECAY * (row[_LIVED] - row[_UNIT]))
    above = 0.0
    for block in range(BLOCKS - 1, -1, -1):
        of_block = row[BLOCK * block + _BINS_OF_BLOCK]
        if above + of_block <= allowed:
            above += of_block
            continue
        for index in range(_BINS_OF_BLOCK - 1, -1, -1):
            inside = row[BLOCK * block + index]
            if above + inside > allowed:
                return float(_BINS_OF_BLOCK * block + index + 1.0 - (allowed - above) / inside)
            above += inside
    return 0.0

"""A line's recent scores: a histogram that decays in event time, and the threshold it gives.

One row of numbers holds all of it: the bins, their sums in blocks (a threshold is found without
walking all bins), and a few times and counts. An event changes one block and those few, so that
a row's changes are told by blocks.
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
_BLOCK = 16
BLOCKS = BINS // _BLOCK
# After the bins and the blocks: newest event time; seconds lived, silences cut short; the
# second whose events weigh 1; total weight; number of events.
_NEWEST = BINS + BLOCKS
_LIVED, _UNIT, _TOTAL, _SEEN = _NEWEST + 1, _NEWEST + 2, _NEWEST + 3, _NEWEST + 4
WIDTH = _NEWEST + 5
# A longer silence counts as this long. Were all of it decayed, the first events after it
# would find a line that seems to have fewer events than its budget, and all be alerts.
_MOST_SILENCE_S = 86_400.0
# Before so many events a line's share of high scores is not known at all.
LEAST_EVENTS = 20.0
# Weights grow to exp of this, far from the largest number.
_MOST_EXPONENT = 400.0


HEAD_BYTES = (WIDTH - _NEWEST) * 8
BLOCK_BYTES = (_BLOCK + 1) * 8


def head_of(row: Row) -> bytes:
    """Return a row's times and counts."""
    return row[_NEWEST:].tobytes()


def take_head(row: Row, content: bytes) -> None:
    """Put times and counts back."""
    row[_NEWEST:] = np.frombuffer(content)


def block_of(row: Row, block: int) -> bytes:
    """Return a block's bins and its sum, which is not to the last bit what adding the bins would give."""
    return np.append(row[_BLOCK * block : _BLOCK * (block + 1)], row[BINS + block]).tobytes()


def take_block(row: Row, block: int, content: bytes) -> None:
    """Put a block's bins and its sum back."""
    values = np.frombuffer(content)
    row[_BLOCK * block : _BLOCK * (block + 1)] = values[:-1]
    row[BINS + block] = values[-1]


def refill(row: Row, histogram: npt.NDArray[np.float64]) -> None:
    """Spread a row's total over the bins as another distribution of scores.

    Args:
        row: Changed in place.
        histogram: Share of scores in each bin, [512].
    """
    row[:BINS] = histogram * row[_TOTAL]
    row[BINS:_NEWEST] = row[:BINS].reshape(BLOCKS, _BLOCK).sum(1)


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
        row[at] += weight
        row[BINS + at // _BLOCK] += weight
        touched[line[index], at // _BLOCK] = True
        row[_TOTAL] += weight
        row[_SEEN] += 1.0


@numba.njit(cache=True, nogil=True)
def _rescale(row: Row) -> None:
    factor = np.exp(-_DECAY * (row[_LIVED] - row[_UNIT]))
    for index in range(BINS + BLOCKS):
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
        if above + row[BINS + block] <= allowed:
            above += row[BINS + block]
            continue
        for index in range(_BLOCK * (block + 1) - 1, _BLOCK * block - 1, -1):
            inside = row[index]
            if above + inside > allowed:
                return float(index + 1.0 - (allowed - above) / inside)
            above += inside
    return 0.0

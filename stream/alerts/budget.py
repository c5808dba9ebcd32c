"""A line's budget of alerts a day as a threshold over the line's recent scores.

Each line's scores are kept as a histogram that decays in event time. The threshold is
the score above which as many events come a day as the budget allows.
"""

import math
from collections.abc import Iterable

import numba
import numpy as np
import numpy.typing as npt

from stream.scoring.score_histogram import BINS, bin_position, score_at

HALF_LIFE_S = 86_400.0
_DAY_S = 86_400.0
_DECAY = math.log(2.0) / HALF_LIFE_S
# Histogram, then: newest event time, the time whose events weigh 1, total, first event time.
_LAST, _UNIT, _TOTAL, _BIRTH = BINS, BINS + 1, BINS + 2, BINS + 3
_WIDTH = BINS + 4
# Before so many events a line's share of high scores is not known at all.
_LEAST_EVENTS = 20.0
_RESCALE = 1e200


@numba.njit(cache=True, nogil=True)
def _decide(
    row: npt.NDArray[np.float64],
    scores: npt.NDArray[np.float64],
    occurred_at_s: npt.NDArray[np.float64],
    budget_per_day: float,
    positions: npt.NDArray[np.float64],
) -> None:
    for index in range(len(scores)):
        now_s = occurred_at_s[index]
        if row[_TOTAL] == 0.0 and row[_LAST] == 0.0:
            row[_LAST] = now_s
            row[_UNIT] = now_s
            row[_BIRTH] = now_s
        last_s = max(row[_LAST], now_s)
        positions[index] = _threshold(row, last_s, budget_per_day)
        # Instead of decaying all bins, each event weighs more than the last one.
        weight = np.exp(_DECAY * (now_s - row[_UNIT]))
        position = bin_position(scores[index])
        row[min(int(position), BINS - 1)] += weight
        row[_TOTAL] += weight
        row[_LAST] = last_s
        if weight > _RESCALE:
            _rescale(row, last_s)


@numba.njit(cache=True, nogil=True)
def _rescale(row: npt.NDArray[np.float64], now_s: float) -> None:
    factor = np.exp(-_DECAY * (now_s - row[_UNIT]))
    for index in range(BINS):
        row[index] *= factor
    row[_TOTAL] *= factor
    row[_UNIT] = now_s


@numba.njit(cache=True, nogil=True)
def _threshold(row: npt.NDArray[np.float64], now_s: float, budget_per_day: float) -> float:
    scale = np.exp(-_DECAY * (now_s - row[_UNIT]))
    total = row[_TOTAL] * scale
    if total < _LEAST_EVENTS:
        return float(BINS)
    # A steady stream of r events a second has a decayed total of r / decay, of which a
    # line younger than some half-lives has gathered a part.
    gathered = -np.expm1(-_DECAY * max(now_s - row[_BIRTH], 0.0))
    allowed = budget_per_day / _DAY_S / _DECAY * gathered / scale
    above = 0.0
    for index in range(BINS - 1, -1, -1):
        inside = row[index]
        if above + inside > allowed:
            share = (allowed - above) / inside
            return float(index + 1.0 - share)
        above += inside
    return 0.0


class AlertBudget:
    """The lines' recent scores in one partition; a `PartitionState`."""

    def __init__(self) -> None:
        """Start without scores."""
        self._rows: dict[str, npt.NDArray[np.float64]] = {}
        self._touched: set[str] = set()

    def observe_and_decide(
        self,
        line: str,
        scores: npt.NDArray[np.float64],
        occurred_at_s: npt.NDArray[np.float64],
        budget_per_day: float,
        partitions: int,
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Return each event's threshold and whether its score reaches it.

        Each event is judged by the events before it, then counted itself.

        Args:
            line: Business line.
            scores: In order of arrival, float64 [n].
            occurred_at_s: Event times, epoch seconds, float64 [n].
            budget_per_day: Alerts a day over all partitions.
            partitions: Over how many the line's events are spread.

        Returns:
            Threshold float64 [n] in [0, 1], and alerted bool [n].
        """
        row = self._rows.setdefault(line, np.zeros(_WIDTH))
        positions = np.empty(len(scores))
        _decide(row, scores, occurred_at_s, budget_per_day / partitions, positions)
        self._touched.add(line)
        threshold = np.where(positions >= BINS, 1.0, score_at(positions))
        return threshold, scores >= threshold

    def reseed(self, line: str, histogram: npt.NDArray[np.float64]) -> None:
        """Take new weights' own distribution of scores, at the rate of events known so far."""
        row = self._rows.get(line)
        if row is not None:
            row[:BINS] = histogram * row[_TOTAL]
            self._touched.add(line)

    def drain_changes(self) -> list[tuple[bytes, bytes | None]]:
        """Return the rows that changed since the last call."""
        changes: list[tuple[bytes, bytes | None]] = [
            (line.encode(), self._rows[line].tobytes()) for line in sorted(self._touched)
        ]
        self._touched.clear()
        return changes

    def restore(self, records: Iterable[tuple[bytes, bytes | None]]) -> int:
        """Take rows back from the changelog."""
        count = 0
        for key, value in records:
            self._rows[key.decode()] = np.frombuffer(value or b"", np.float64).copy()
            count += 1
        return count

    def size_bytes(self) -> int:
        """Return the memory of all rows."""
        return len(self._rows) * (_WIDTH * 8 + 200)

"""A line's budget of alerts a day as a threshold over the line's recent scores.

Each line's scores are kept as a histogram that decays in event time. The threshold is
the score above which as many events come a day as the budget allows.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from stream.alerts.recent_scores import WIDTH, Row, find_thresholds, no_scores, refill
from stream.scoring.score_histogram import BINS, score_at


class AlertBudget:
    """The lines' recent scores in one partition; a `PartitionState`."""

    def __init__(self) -> None:
        """Start without scores."""
        self._rows: dict[str, Row] = {}
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

        Each event is judged by the events before it, then counted itself. A line's first
        events raise nothing: their threshold is 1. A line with fewer events than its
        budget has all of them alerted.

        Args:
            line: Business line.
            scores: In order of arrival, float64 [n].
            occurred_at_s: Event times, epoch seconds, float64 [n].
            budget_per_day: Alerts a day over all partitions.
            partitions: Over how many the line's events are spread.

        Returns:
            Threshold float64 [n] in [0, 1], and alerted bool [n].
        """
        row = self._rows.setdefault(line, no_scores())
        positions = np.empty(len(scores))
        find_thresholds(row, scores, occurred_at_s, budget_per_day / partitions, positions)
        self._touched.add(line)
        known = positions < BINS
        threshold = np.where(known, score_at(positions), 1.0)
        return threshold, known & (scores >= threshold)

    def reseed(self, line: str, histogram: npt.NDArray[np.float64]) -> None:
        """Take new weights' own distribution of scores, at the rate of events known so far."""
        row = self._rows.get(line)
        if row is not None:
            refill(row, histogram)
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
            # A row of another length was written by another release; a day's events regrow it.
            if value is not None and len(value) == WIDTH * 8:
                self._rows[key.decode()] = np.frombuffer(value, np.float64).copy()
                count += 1
        return count

    def size_bytes(self) -> int:
        """Return the memory of all rows."""
        return len(self._rows) * (WIDTH * 8 + 200)

"""A line's budget of alerts a day as a threshold over the line's recent scores.

Each line's scores are kept as a histogram that decays in event time. The threshold is
the score above which as many events come a day as the budget allows.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from stream.alerts.recent_scores import BLOCK, BLOCKS, HEAD, WIDTH, find_thresholds, refill, take_former
from stream.scoring.score_histogram import BINS, score_at

_FIRST_LINES = 16
# Between a line's name, which holds none, and the number of a block of its scores.
_SEPARATOR = "\0"
_BLOCK_NAMES = frozenset(f"{block}" for block in range(BLOCKS))
_BYTES = 8
_BLOCK_BYTES, _HEAD_BYTES = BLOCK * _BYTES, (WIDTH - HEAD) * _BYTES


class AlertBudget:
    """The lines' recent scores in one partition; a `PartitionState`.

    Its changelog has a record for a line's times and counts (the key is the line) and one for
    each block of its scores (line NUL block): an event of one line in a thousand writes 200
    bytes, not the whole row of 4 kB.
    """

    def __init__(self) -> None:
        """Start without scores."""
        self._row_of: dict[str, int] = {}
        self._rows = np.zeros((_FIRST_LINES, WIDTH))
        self._touched = np.zeros((_FIRST_LINES, BLOCKS), np.bool_)
        self._changed: set[str] = set()

    def observe_and_decide(
        self,
        lines: Sequence[str],
        scores: npt.NDArray[np.float64],
        occurred_at_s: npt.NDArray[np.float64],
        budget_per_day: npt.NDArray[np.float64],
        partitions: int,
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Return each event's threshold and whether its score reaches it.

        Each event is judged by its line's events before it, then counted itself. A line's first
        events raise nothing: their threshold is 1. A line with fewer events than its
        budget has all of them alerted.

        Args:
            lines: Business line of each event, [n].
            scores: In order of arrival, float64 [n].
            occurred_at_s: Event times, epoch seconds, float64 [n].
            budget_per_day: Alerts a day of each event's line over all partitions, float64 [n].
            partitions: Over how many a line's events are spread.

        Returns:
            Threshold float64 [n] in [0, 1], and alerted bool [n].
        """
        named = set(lines)
        for line in named.difference(self._row_of):
            self._add(line)
        at = np.fromiter(map(self._row_of.__getitem__, lines), np.int64, len(lines))
        positions = np.empty(len(scores))
        allowed = budget_per_day / partitions
        find_thresholds(self._rows, self._touched, at, scores, occurred_at_s, allowed, positions)
        self._changed |= named
        known = positions < BINS
        threshold = np.where(known, score_at(positions), 1.0)
        return threshold, known & (scores >= threshold)

    def reseed(self, line: str, histogram: npt.NDArray[np.float64]) -> None:
        """Take new weights' own distribution of scores, at the rate of events known so far."""
        at = self._row_of.get(line)
        if at is not None:
            refill(self._rows[at], histogram)
            self._touch(line, at)

    def drain_changes(self) -> list[tuple[bytes, bytes | None]]:
        """Return what changed of the rows since the last call, by blocks."""
        lines = sorted(self._changed)
        rows = np.fromiter(map(self._row_of.__getitem__, lines), np.int64, len(lines))
        raw, width = self._rows[rows].tobytes(), WIDTH * _BYTES
        changes: list[tuple[bytes, bytes | None]] = [
            (line.encode(), raw[width * at + HEAD * _BYTES : width * (at + 1)]) for at, line in enumerate(lines)
        ]
        for at, block in np.argwhere(self._touched[rows]).tolist():
            start = width * at + _BLOCK_BYTES * block
            key = f"{lines[at]}{_SEPARATOR}{block}".encode()
            changes.append((key, raw[start : start + _BLOCK_BYTES]))
        self._touched[rows] = False
        self._changed.clear()
        return changes

    def restore(self, records: Iterable[tuple[bytes, bytes | None]]) -> int:
        """Take rows back from the changelog."""
        return sum(self._take(key.decode(), value) for key, value in records if value is not None)

    def size_bytes(self) -> int:
        """Return the memory of all rows."""
        return len(self._row_of) * (WIDTH * _BYTES + BLOCKS + 200)

    def _take(self, key: str, value: bytes) -> int:
        line, _, block = key.partition(_SEPARATOR)
        lengths = (_BLOCK_BYTES,) if block else (_HEAD_BYTES, WIDTH * _BYTES)
        if len(value) not in lengths or (block and block not in _BLOCK_NAMES):
            # Another release's; a day's events regrow it.
            return 0
        at, found = self._row(line), np.frombuffer(value)
        row = self._rows[at]
        if block:
            row[BLOCK * int(block) : BLOCK * (int(block) + 1)] = found
        elif len(value) == _HEAD_BYTES:
            row[HEAD:] = found
        else:
            # As an earlier release wrote it: all of it goes out anew with the next change.
            take_former(row, found)
            self._touched[at] = True
        return 1

    def _touch(self, line: str, at: int) -> None:
        self._changed.add(line)
        self._touched[at] = True

    def _row(self, line: str) -> int:
        if line not in self._row_of:
            self._add(line)
        return self._row_of[line]

    def _add(self, line: str) -> None:
        at = self._row_of[line] = len(self._row_of)
        if at >= len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
            self._touched = np.concatenate([self._touched, np.zeros_like(self._touched)])

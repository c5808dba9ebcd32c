"""How long the scored events of each line waited, counted for whole batches.

One look-up of a line's series for each line of a batch cost, with a thousand lines, as much as its events' scores.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

_FIRST_LINES = 16


class LineWaits:
    """A histogram of waits for each line.

    Example:
        >>> waits = LineWaits((0.1, 1.0))
        >>> waits.add(["cards", "wallets", "cards"], np.array([0.5, 0.5, 7.5]))
        >>> next(waits.by_line())
        ('cards', [0, 1, 2], 8.0)
    """

    def __init__(self, bounds_s: Sequence[float]) -> None:
        """Start without waits; a wait counts where it is at most a bound, the last one is infinity."""
        self._bounds_s = np.array(bounds_s)
        self._row_of: dict[str, int] = {}
        self._counts = np.zeros((_FIRST_LINES, len(bounds_s) + 1), np.int64)
        self._sum_s = np.zeros(_FIRST_LINES)

    def add(self, lines: Sequence[str], waits_s: npt.NDArray[np.float64]) -> None:
        """Count the wait of each event, [n], under the event's line."""
        for line in set(lines).difference(self._row_of):
            self._row_of[line] = len(self._row_of)
        self._make_room()
        rows = np.fromiter(map(self._row_of.__getitem__, lines), np.int64, len(lines))
        place = rows * self._counts.shape[1] + np.searchsorted(self._bounds_s, waits_s)
        np.add.at(self._counts.reshape(-1), place, 1)
        np.add.at(self._sum_s, rows, waits_s)

    def by_line(self) -> Iterator[tuple[str, list[int], float]]:
        """Yield each line, how many of its waits are within each bound and in all, and their sum in seconds."""
        for line, row in self._row_of.items():
            yield line, np.cumsum(self._counts[row]).tolist(), float(self._sum_s[row])

    def _make_room(self) -> None:
        while len(self._row_of) > len(self._sum_s):
            self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)])
            self._sum_s = np.concatenate([self._sum_s, np.zeros_like(self._sum_s)])

"""A task: one line's rows in time, with when each label became known."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from metalearn.errors import MetalearnError


@dataclass(frozen=True, slots=True)
class Task:
    """Rows of one line in event-time order.

    Attributes:
        name: The line, or the line and its window.
        features: Standardised rows, float32 [n, features].
        labels: 1 fraud, 0 genuine, int8 [n].
        occurred_at_s: Event times, growing, epoch seconds, float64 [n].
        label_known_at_s: When each label is available, epoch seconds, float64 [n].
    """

    name: str
    features: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int8]
    occurred_at_s: npt.NDArray[np.float64]
    label_known_at_s: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check that the columns fit together.

        Raises:
            MetalearnError: Lengths differ or rows are not in time order.
        """
        count = len(self.features)
        if any(len(column) != count for column in (self.labels, self.occurred_at_s, self.label_known_at_s)):
            raise MetalearnError(f"task {self.name}: its columns differ in length")
        if count > 1 and (np.diff(self.occurred_at_s) < 0).any():
            raise MetalearnError(f"task {self.name}: its rows must be in time order")

    def rows(self, first: int, last: int, name: str) -> "Task":
        """Return the rows [first, last) as a task of its own."""
        part = slice(first, last)
        return Task(name, self.features[part], self.labels[part], self.occurred_at_s[part], self.label_known_at_s[part])

    @property
    def frauds(self) -> int:
        """How many rows are fraud."""
        return int((self.labels == 1).sum())


def windows(task: Task, length_s: float, least_frauds: int = 8) -> list[Task]:
    """Cut a long line into windows, each a task: for when lines are few.

    Args:
        task: The whole line.
        length_s: Of a window, in event time.
        least_frauds: Windows with fewer are left out.
    """
    if not len(task.labels):
        return []
    edges = np.arange(task.occurred_at_s[0], task.occurred_at_s[-1] + length_s, length_s)
    at = np.searchsorted(task.occurred_at_s, edges)
    parts = [task.rows(int(a), int(b), f"{task.name}/{i}") for i, (a, b) in enumerate(pairwise(at))]
    return [part for part in parts if part.frauds >= least_frauds]

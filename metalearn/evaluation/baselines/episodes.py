"""Episodes of training lines, for the baselines that learn to adapt."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from metalearn.errors import MetalearnError
from metalearn.evaluation.baselines.pool import clipped
from metalearn.rows import Rows, padded, rows_of
from metalearn.tasks.task import Task

_COUNTS = (1, 2, 5, 10, 20, 50)
_GENUINE_PER_FRAUD = 10
_MOST_GENUINE = 100
_QUERY_FRAUDS = 12
_QUERY_GENUINE = 100

Part = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]


class Episodes:
    """Draws a support before a random cut of a line and a query after it."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        """Draw from lines with at least four frauds.

        Raises:
            MetalearnError: None has.
        """
        self._tasks = [task for task in tasks if task.frauds >= 4 and task.frauds < len(task.labels)]
        self._frauds = [np.flatnonzero(task.labels == 1) for task in self._tasks]
        self._genuine = [np.flatnonzero(task.labels == 0) for task in self._tasks]
        if not self._tasks:
            raise MetalearnError("no training line has four frauds to draw a support and a query from")

    def draw(self, count: int, generator: np.random.Generator) -> tuple[Rows, Rows]:
        """Return supports and queries, padded side by side."""
        pairs = [self._one(generator) for _ in range(count)]
        supports, queries = zip(*pairs, strict=True)
        return _side_by_side(supports), _side_by_side(queries)

    def _one(self, generator: np.random.Generator) -> tuple[Part, Part]:
        at = int(generator.integers(len(self._tasks)))
        frauds, genuine = self._frauds[at], self._genuine[at]
        middle = min(max(int(len(frauds) * generator.uniform(0.35, 0.65)), 1), len(frauds) - 1)
        edge = int(np.searchsorted(genuine, frauds[middle]))
        edge = min(max(edge, 1), len(genuine) - 1)
        wanted = int(generator.choice(_COUNTS))
        support = self._part(at, frauds[:middle], wanted, genuine[:edge],
                             min(wanted * _GENUINE_PER_FRAUD, _MOST_GENUINE), generator)  # fmt: skip
        query = self._part(at, frauds[middle:], _QUERY_FRAUDS, genuine[edge:], _QUERY_GENUINE, generator)
        return support, query

    def _part(
        self,
        at: int,
        frauds: npt.NDArray[np.int64],
        some: int,
        genuine: npt.NDArray[np.int64],
        others: int,
        generator: np.random.Generator,
    ) -> Part:
        chosen = generator.choice(frauds, min(some, len(frauds)), replace=False)
        rest = generator.choice(genuine, min(others, len(genuine)), replace=False)
        labels = np.concatenate([np.ones(len(chosen), np.float32), np.zeros(len(rest), np.float32)])
        return clipped(self._tasks[at].features[np.concatenate([chosen, rest])]), labels


def _side_by_side(parts: Sequence[Part]) -> Rows:
    return padded([rows_of(torch.from_numpy(rows), torch.from_numpy(labels)) for rows, labels in parts])


def chance_of(generator: torch.Generator) -> np.random.Generator:
    """Return numpy's chance, drawn from torch's."""
    return np.random.default_rng(int(torch.randint(2**31 - 1, (1,), generator=generator)))

"""Which kinds of lines training has seen, and what scores a line of none of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from metalearn.evidence.column_kernel import BLOCKS
from metalearn.evidence.support_state import DIAGNOSES, SupportState, network_columns
from metalearn.tasks.kinds import scale_of
from metalearn.tasks.similarity import TaskSketch, distances, distances_to, sketch_of, stacked
from metalearn.tasks.task import Task

Floats = npt.NDArray[np.float32]

# Far above the threshold at which a line is *said* to be of a new kind: a line's first week
# looks new too (up to 5.4), and Sparkov's lines (4 to 6) lose nothing by a model of simulated
# ones. Customs declarations are 15 from cards.
_TOO_NEW = 9.0
_LEAST_ROWS = 500
# One near line is enough: of many lines most need not be compared.
_AT_ONCE = 64
ENOUGH_FRAUDS = 3
"""Fewer labels say less than what lines of another kind share (Sparkov by simulated lines, K = 1: .38 against .28)."""


@dataclass(frozen=True, slots=True)
class KnownKinds:
    """Sketches of the training lines.

    Attributes:
        sketches: Of all, with a leading axis of lines.
        scale: How far a training line is from its nearest other, usually.
    """

    sketches: TaskSketch | None = None
    scale: float = 0.1

    def is_new(self, rows: Floats) -> bool:
        """Return whether a line with these unlabelled rows is like none of them, float32 [n, features]."""
        if self.sketches is None or len(rows) < _LEAST_ROWS:
            return False
        sketch, arrays = sketch_of(rows), self.sketches.arrays().values()
        for first in range(0, len(self.sketches.constant), _AT_ONCE):
            some = TaskSketch(*(array[first : first + _AT_ONCE] for array in arrays))
            if not (distances_to(sketch, some) > _TOO_NEW * self.scale).all():
                return False
        return True

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[Any]]:
        """Return all of it as named arrays."""
        named: dict[str, npt.NDArray[Any]] = {prefix + "scale": np.array([self.scale])}
        if self.sketches is not None:
            named |= {prefix + name: array for name, array in self.sketches.arrays().items()}
        return named

    @staticmethod
    def from_arrays(arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> "KnownKinds":
        """Return the kinds whose arrays these are.

        Raises:
            KeyError: One is missing.
        """
        parts = [arrays[prefix + name] for name in TaskSketch.__slots__ if prefix + name in arrays]
        return KnownKinds(TaskSketch(*parts) if parts else None, float(arrays[prefix + "scale"][0]))


def known_kinds(tasks: Sequence[Task]) -> KnownKinds:
    """Return the kinds of training lines, whose rows have no feature that labels make."""
    sketches = [sketch_of(task.features) for task in tasks]
    return KnownKinds(stacked(sketches), scale_of(distances(sketches)))


def own_members(state: SupportState, columns: Floats) -> list[Floats]:
    """Return what ranks a line of a new kind: its own labels' word.

    Args:
        state: Of the support.
        columns: All columns of rows, float32 [n, columns].
    """
    totals = BLOCKS * state.features
    own = network_columns(state.features) + DIAGNOSES
    return [columns[:, own], columns[:, own + 2], columns[:, totals + 6], columns[:, totals + 2]]

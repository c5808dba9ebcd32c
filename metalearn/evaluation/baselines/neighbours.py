"""Nearest neighbours among a line's labelled rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from metalearn.evaluation.baselines.pool import clipped, learnt_from
from metalearn.evaluation.method import FitCache, Kind, Score, Setting
from metalearn.support import LineSupport
from metalearn.tasks.task import Task

_PART = 4_096


@dataclass(frozen=True, slots=True)
class NearestNeighbours:
    """How near the nearest frauds are, against the nearest genuine rows."""

    name: str = "nearest neighbours"
    kind: Kind = "baseline"
    settings: Sequence[Setting] = tuple(
        {"neighbours": neighbours, "presumed": presumed} for neighbours, presumed in product((1, 3), (0, 200))
    )

    def train(self, tasks: Sequence[Task], setting: Setting, seed: int, cache: FitCache) -> "_Neighbours":  # noqa: ARG002 - the protocol's
        """Learn nothing of other lines."""
        return _Neighbours(int(setting["neighbours"]), int(setting["presumed"]))


class _Neighbours:
    def __init__(self, neighbours: int, presumed: int) -> None:
        self._neighbours, self._presumed = neighbours, presumed

    def adapt(self, support: LineSupport) -> Score:
        if not len(support.frauds):
            return lambda rows: np.full(len(rows), 0.5)
        rows, labels, _ = learnt_from(support, self._presumed)
        frauds, genuine = clipped(rows[labels == 1]), clipped(rows[labels == 0])

        def score(query: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
            found = np.empty(len(query))
            for start in range(0, len(query), _PART):
                part = clipped(query[start : start + _PART])
                near, far = _distance(part, frauds, self._neighbours), _distance(part, genuine, self._neighbours)
                found[start : start + _PART] = (far + 1e-6) / (near + far + 2e-6)
            return found

        return score


def _distance(
    query: npt.NDArray[np.float32], known: npt.NDArray[np.float32], neighbours: int
) -> npt.NDArray[np.float64]:
    """Return the mean distance to the nearest rows, [n]; 0 where there are none."""
    if not len(known):
        return np.zeros(len(query))
    squared = (query**2).sum(1)[:, None] - 2 * query @ known.T + (known**2).sum(1)[None]
    most = min(neighbours, len(known))
    nearest = np.partition(squared, most - 1, axis=1)[:, :most]
    found: npt.NDArray[np.float64] = np.sqrt(np.maximum(nearest, 0.0)).mean(1).astype(np.float64)
    return found

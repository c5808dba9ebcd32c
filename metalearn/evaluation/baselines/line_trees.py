"""Boosted trees on a line's labels alone, with and without rows presumed genuine."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metalearn.evaluation.baselines.boosting import fit_trees, raw_scores
from metalearn.evaluation.baselines.pool import learnt_from
from metalearn.evaluation.method import FitCache, Kind, Score, Setting
from metalearn.logistic_curve import sigmoid
from metalearn.support import LineSupport
from metalearn.tasks.task import Task

_ROUNDS = 60
_OPTIONS = {"num_leaves": 7, "learning_rate": 0.1}


@dataclass(frozen=True, slots=True)
class LineTrees:
    """Knows no other line."""

    name: str = "trees on the labels"
    kind: Kind = "baseline"
    settings: Sequence[Setting] = ({"presumed": 0}, {"presumed": 200}, {"presumed": 1_000}, {"presumed": 4_000})

    def train(self, tasks: Sequence[Task], setting: Setting, seed: int, cache: FitCache) -> "_Trees":  # noqa: ARG002 - the protocol's
        """Learn nothing of other lines."""
        return _Trees(int(setting["presumed"]))


class _Trees:
    def __init__(self, presumed: int) -> None:
        self._presumed = presumed

    def adapt(self, support: LineSupport) -> Score:
        if not len(support.frauds):
            return lambda rows: np.full(len(rows), 0.5)
        rows, labels, _ = learnt_from(support, self._presumed)
        frauds = len(support.frauds)
        # Both classes weigh alike, as many as there are rows.
        weights = np.where(labels == 1, len(labels) / 2 / frauds, len(labels) / 2 / max(len(labels) - frauds, 1))
        least = {"min_data_in_leaf": min(3, frauds)}
        trees = fit_trees(rows, labels, weights, _ROUNDS, {**_OPTIONS, **least})

        def score(query: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
            return sigmoid(raw_scores(trees, query))

        return score

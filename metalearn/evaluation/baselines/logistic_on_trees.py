"""Logistic regression on the features and the pooled trees' logit, pulled towards the trees as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from metalearn.evaluation.baselines.boosting import RememberedScores
from metalearn.evaluation.baselines.logistic import fit_logistic
from metalearn.evaluation.baselines.pool import clipped, learnt_from
from metalearn.evaluation.baselines.pooled_trees import pooled_booster
from metalearn.evaluation.method import FitCache, Kind, Score, Setting
from metalearn.logistic_curve import sigmoid
from metalearn.support import LineSupport
from metalearn.tasks.task import Task


@dataclass(frozen=True, slots=True)
class LogisticOnTrees:
    """With no label it is the pooled trees; with many it may leave them."""

    name: str = "logistic on pooled trees"
    kind: Kind = "baseline"
    settings: Sequence[Setting] = tuple(
        {"strength": strength, "presumed": presumed} for strength, presumed in product((0.3, 3.0, 30.0), (0, 200))
    )

    def train(self, tasks: Sequence[Task], setting: Setting, seed: int, cache: FitCache) -> "_Stacked":
        """Fit the pooled trees."""
        booster = pooled_booster(tasks, seed, cache)
        trees = cache.get("pooled_trees_scores", lambda: RememberedScores(booster))
        return _Stacked(trees, float(setting["strength"]), int(setting["presumed"]))


class _Stacked:
    def __init__(self, trees: RememberedScores, strength: float, presumed: int) -> None:
        self._trees, self._strength, self._presumed = trees, strength, presumed

    def adapt(self, support: LineSupport) -> Score:
        if not len(support.frauds):
            return self._trees.score
        rows, labels, weights = learnt_from(support, self._presumed)
        prior = np.zeros(support.width + 2)
        prior[-2] = 1.0
        found = fit_logistic(self._inputs(rows), labels, weights, prior, self._strength)

        def score(query: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
            return sigmoid(self._inputs(query) @ found[:-1] + found[-1])

        return score

    def _inputs(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.concatenate([clipped(rows), self._trees.raw(rows).astype(np.float32)[:, None]], 1)

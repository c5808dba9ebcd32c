"""Boosted trees over all training lines: as they are, continued on a support, refitted with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from metalearn.evaluation.baselines.boosting import RememberedScores, fit_trees, raw_scores
from metalearn.evaluation.baselines.pool import FRAUD_SHARE, Pool, learnt_from, pool_of
from metalearn.evaluation.method import FitCache, Kind, Score, Setting
from metalearn.logistic_curve import sigmoid
from metalearn.support import LineSupport
from metalearn.tasks.task import Task

_ROUNDS = 200
_POOLED = {"num_leaves": 31, "learning_rate": 0.06, "min_data_in_leaf": 50, "feature_fraction": 0.5, "lambda_l2": 5.0}
_REFIT_ROUNDS = 50
_REFIT = {"num_leaves": 15, "learning_rate": 0.15, "min_data_in_leaf": 20, "feature_fraction": 0.5, "lambda_l2": 5.0}
_REFIT_GENUINE = 10_000
_CONTINUED = {"num_leaves": 7, "learning_rate": 0.1, "min_data_in_leaf": 3, "lambda_l2": 1.0}


def pooled_booster(tasks: Sequence[Task], seed: int, cache: FitCache) -> lgb.Booster:
    """Return the trees fitted on all training lines."""
    pool = pool_of(tasks, seed, cache)
    found: lgb.Booster = cache.get(
        "pooled_trees", lambda: fit_trees(pool.rows, pool.labels, pool.weights, _ROUNDS, {**_POOLED, "seed": seed + 1})
    )
    return found


@dataclass(frozen=True, slots=True)
class PooledTrees:
    """Not adapted at all."""

    name: str = "pooled trees"
    kind: Kind = "baseline"
    settings: Sequence[Setting] = ({"rounds": 50}, {"rounds": 200})

    def train(self, tasks: Sequence[Task], setting: Setting, seed: int, cache: FitCache) -> "_Pooled":
        """Fit the trees."""
        return _Pooled(RememberedScores(pooled_booster(tasks, seed, cache), int(setting["rounds"])))


class _Pooled:
    def __init__(self, trees: RememberedScores) -> None:
        self._trees = trees
        self.score = trees.score

    def adapt(self, support: LineSupport) -> Score:  # noqa: ARG002 - the protocol's
        return self.score


@dataclass(frozen=True, slots=True)
class ContinuedTrees:
    """The pooled trees, with more trees fitted on the support alone."""

    name: str = "pooled trees continued"
    kind: Kind = "baseline"
    settings: Sequence[Setting] = tuple(
        {"rounds": rounds, "presumed": presumed} for rounds, presumed in product((10, 40, 120), (0, 200))
    )

    def train(self, tasks: Sequence[Task], setting: Setting, seed: int, cache: FitCache) -> "_Continued":
        """Fit the pooled trees."""
        booster = pooled_booster(tasks, seed, cache)
        trees = cache.get("pooled_trees_scores", lambda: RememberedScores(booster))
        return _Continued(trees, int(setting["rounds"]), int(setting["presumed"]))


class _Continued:
    def __init__(self, trees: RememberedScores, rounds: int, presumed: int) -> None:
        self._trees, self._rounds, self._presumed = trees, rounds, presumed

    def adapt(self, support: LineSupport) -> Score:
        if not len(support.frauds):
            return self._trees.score
        rows, labels, weights = learnt_from(support, self._presumed)
        least = {"min_data_in_leaf": min(3, len(support.frauds))}
        start = self._trees.raw(rows)
        more = fit_trees(rows, labels, weights, self._rounds, {**_CONTINUED, **least}, start)

        def score(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
            return sigmoid(self._trees.raw(rows) + raw_scores(more, rows))

        return score


@dataclass(frozen=True, slots=True)
class RefittedTrees:
    """Fitted anew over the pool and the support, the support's rows at a tuned weight."""

    name: str = "pooled trees refitted"
    kind: Kind = "baseline"
    settings: Sequence[Setting] = ({"weight": 2_000}, {"weight": 20_000}, {"weight": 100_000})

    def train(self, tasks: Sequence[Task], setting: Setting, seed: int, cache: FitCache) -> "_Refitted":
        """Keep a pool that is small enough to be fitted at every label."""
        whole = pool_of(tasks, seed, cache)
        pool = cache.get("refit_pool", lambda: _smaller(whole, seed))
        first = cache.get("refit_start", lambda: RememberedScores(_refit(pool, seed)))
        return _Refitted(pool, first, float(setting["weight"]), seed)


class _Refitted:
    def __init__(self, pool: Pool, first: RememberedScores, weight: float, seed: int) -> None:
        self._pool, self._first, self._weight, self._seed = pool, first, weight, seed

    def adapt(self, support: LineSupport) -> Score:
        if not len(support.frauds):
            return self._first.score
        rows, labels, weights = learnt_from(support, 0)
        pool = self._pool
        # The weights are as of a pool of 30,000 rows, whatever it holds.
        own = weights * (self._weight / weights.sum()) * (pool.weights.sum() / 30_000)
        joined = Pool(
            np.concatenate([pool.rows, rows]),
            np.concatenate([pool.labels, labels]),
            np.concatenate([pool.weights, own]),
        )
        return RememberedScores(_refit(joined, self._seed)).score


def _refit(pool: Pool, seed: int) -> Any:
    return fit_trees(pool.rows, pool.labels, pool.weights, _REFIT_ROUNDS, {**_REFIT, "seed": seed + 1})


def _smaller(pool: Pool, seed: int) -> Pool:
    genuine = np.flatnonzero(pool.labels == 0)
    if len(genuine) > _REFIT_GENUINE:
        genuine = np.random.default_rng([seed, 11]).choice(genuine, _REFIT_GENUINE, replace=False)
    kept = np.concatenate([np.flatnonzero(pool.labels == 1), genuine])
    labels, weights = pool.labels[kept], pool.weights[kept]
    share = np.where(labels == 1, FRAUD_SHARE, 1 - FRAUD_SHARE)
    of_class = np.where(labels == 1, weights[labels == 1].sum(), weights[labels == 0].sum())
    return Pool(pool.rows[kept], labels, weights * share * len(kept) / of_class)

"""LightGBM as the baselines use it: one thread, the same result every time."""

from collections.abc import Mapping
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from metalearn.logistic_curve import sigmoid

FIXED: Mapping[str, Any] = {
    "objective": "binary",
    "num_threads": 1,
    "verbosity": -1,
    "deterministic": True,
    "force_col_wise": True,
    "seed": 1,
    "min_sum_hessian_in_leaf": 1e-3,
    # Rows far off are few; their order is all that trees need.
    "max_bin": 63,
}


def fit_trees(
    rows: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int8],
    weights: npt.NDArray[np.float64],
    rounds: int,
    options: Mapping[str, Any],
    init_score: npt.NDArray[np.float64] | None = None,
) -> lgb.Booster:
    """Return boosted trees.

    Args:
        rows: [n, features].
        labels: 1 or 0, [n].
        weights: Of the rows, [n].
        rounds: Trees.
        options: LightGBM's own.
        init_score: Logits from which the first tree starts, [n].
    """
    known = {**FIXED, **options}
    data = lgb.Dataset(rows, labels, weight=weights, init_score=init_score, params=known, free_raw_data=True)
    return lgb.train(known, data, num_boost_round=rounds)


def raw_scores(
    booster: lgb.Booster, rows: npt.NDArray[np.float32], rounds: int | None = None
) -> npt.NDArray[np.float64]:
    """Return logits, of the first trees only where `rounds` is given; float64 [n]."""
    if not len(rows):
        return np.zeros(0)
    found = booster.predict(rows, raw_score=True, num_iteration=rounds, num_threads=1)
    return np.asarray(found, np.float64)


class RememberedScores:
    """Logits of fixed trees; a query that comes again is not scored again."""

    def __init__(self, booster: lgb.Booster, rounds: int | None = None) -> None:
        """Score with `booster`."""
        self._booster, self._rounds = booster, rounds
        self._kept: list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]] = []

    def raw(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Return the logits of rows."""
        for known, scores in self._kept:
            if known is rows:
                return scores
        scores = raw_scores(self._booster, rows, self._rounds)
        self._kept = [*self._kept[-15:], (rows, scores)]
        return scores

    def score(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Return chances in [0, 1]."""
        return sigmoid(self.raw(rows))

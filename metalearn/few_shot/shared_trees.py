"""Trees that all lines share: fitted once over a bank of episodes, they adapt through the evidence alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from metalearn.evidence.forest import Forest, mean_of
from metalearn.evidence.line_trees import fit_forest
from metalearn.few_shot.episode_bank import BankedEpisode

_COMMON: dict[str, Any] = {"verbose": -1, "deterministic": True, "force_col_wise": True, "max_bin": 255}
_POINTWISE: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 15,
    "learning_rate": 0.04,
    "feature_fraction": 0.15,
    "min_data_in_leaf": 400,
    "lambda_l2": 5.0,
}
_RANKING: dict[str, Any] = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 20,
    "num_leaves": 15,
    "learning_rate": 0.08,
    "feature_fraction": 0.5,
    "min_data_in_leaf": 50,
}
_POINTWISE_ROUNDS = 300
_RANKING_ROUNDS = 150
# Each from a seed of its own: which features a forest may look at is chance.
_POINTWISE_FORESTS = 2
_RANKING_FORESTS = 3


def fit_pointwise(bank: Sequence[BankedEpisode], threads: int, seed: int, forests: int = _POINTWISE_FORESTS) -> Forest:
    """Return trees whose sum is the log odds of fraud at the bank's own prevalence, the mean of so many forests."""
    rows, labels = _joined(bank)
    parameters = {**_COMMON, **_POINTWISE, "num_threads": threads}
    return _mean_forest(rows, labels, _POINTWISE_ROUNDS, parameters, seed, forests)


def fit_ranking(bank: Sequence[BankedEpisode], threads: int, seed: int, forests: int = _RANKING_FORESTS) -> Forest:
    """Return trees that put an episode's frauds first (LambdaRank; Burges, 2010), the mean of so many forests."""
    rows, labels = _joined(bank)
    sizes = [len(episode.labels) for episode in bank]
    parameters = {**_COMMON, **_RANKING, "num_threads": threads}
    return _mean_forest(rows, labels, _RANKING_ROUNDS, parameters, seed, forests, group=sizes)


def _mean_forest(
    rows: Any, labels: Any, rounds: int, parameters: dict[str, Any], seed: int, forests: int, **data: Any
) -> Forest:
    seeds = range(seed, seed + forests)
    return mean_of([fit_forest(rows, labels, rounds, {**parameters, "seed": one}, **data) for one in seeds])


def _joined(bank: Sequence[BankedEpisode]) -> tuple[Any, Any]:
    return np.concatenate([one.columns for one in bank]), np.concatenate([one.labels for one in bank])

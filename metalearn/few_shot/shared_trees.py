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
POINTWISE_ROUNDS = 300
RANKING_ROUNDS = 150
POINTWISE_FORESTS = 2
RANKING_FORESTS = 3
"""Each from a seed of its own, and their mean: which features a forest was let see is chance."""


def fit_pointwise(bank: Sequence[BankedEpisode], threads: int, seed: int, forests: int = POINTWISE_FORESTS) -> Forest:
    """Return trees whose sum is the log odds of fraud at the bank's own prevalence."""
    rows, labels = _joined(bank)
    parameters = {**_COMMON, **_POINTWISE, "num_threads": threads}
    return mean_of(
        [fit_forest(rows, labels, POINTWISE_ROUNDS, {**parameters, "seed": seed + more}) for more in range(forests)]
    )


def fit_ranking(bank: Sequence[BankedEpisode], threads: int, seed: int, forests: int = RANKING_FORESTS) -> Forest:
    """Return trees that put an episode's frauds first (LambdaRank; Burges, 2010)."""
    rows, labels = _joined(bank)
    sizes = [len(episode.labels) for episode in bank]
    parameters = {**_COMMON, **_RANKING, "num_threads": threads}
    return mean_of(
        [
            fit_forest(rows, labels, RANKING_ROUNDS, {**parameters, "seed": seed + more}, group=sizes)
            for more in range(forests)
        ]
    )


def _joined(bank: Sequence[BankedEpisode]) -> tuple[Any, Any]:
    return np.concatenate([one.columns for one in bank]), np.concatenate([one.labels for one in bank])

"""Two small gradient-boosted forests fitted to a line's own labels, each on from a score that is there before them.

That is a row's last feature, what fraud looks like on all lines: trees on a few labels alone find less
than it does, and what they say on top of it is what the labels add.

Needs LightGBM; what scores needs only the forests that come out.
"""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from metalearn.evidence.forest import Forest, empty_forest, parse_lightgbm
from metalearn.support import LineSupport

Floats = npt.NDArray[np.float32]

COUNT = 2
# Between .5 and 1, which were tried with this ridge on validation lines of four worlds (ADR 0012).
_LOG_ODDS_OF_DEVIATION = np.float32(0.75)
_ROUNDS = 60
_PRESUMED = 200
_MOST_GENUINE = 1_000
_PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 7,
    "learning_rate": 0.1,
    # Without it every round adds as much to rows that the score told apart already.
    "lambda_l2": 3.0,
    "max_bin": 63,
    "num_threads": 1,
    "verbose": -1,
    "deterministic": True,
    "force_col_wise": True,
    "feature_pre_filter": False,
    "seed": 0,
}


def first_log_odds(rows: Floats) -> Floats:
    """Return the log odds from which the trees go on, float32 [n].

    Args:
        rows: The pooled score in deviations last, float32 [n, features].
    """
    return _LOG_ODDS_OF_DEVIATION * rows[:, -1]


def fit_line_trees(support: LineSupport) -> tuple[Forest, ...]:
    """Return forests fitted to the labels alone, and to the labels with rows that are presumed genuine.

    A row's score is `first_log_odds` and the forest's sum.
    """
    genuine = support.genuine[-_MOST_GENUINE:]
    presumed = support.unlabelled[-_PRESUMED:]
    return _fitted(support.frauds, genuine), _fitted(support.frauds, np.concatenate([genuine, presumed]))


def _fitted(frauds: Floats, others: Floats) -> Forest:
    if not len(frauds) or not len(others):
        return empty_forest()
    rows = np.concatenate([frauds, others])
    labels = np.arange(len(rows)) < len(frauds)
    return fit_forest(
        rows,
        labels.astype(np.float32),
        _ROUNDS,
        {
            **_PARAMETERS,
            "min_data_in_leaf": min(3, len(frauds)),
            "min_data_in_bin": 1,
            "scale_pos_weight": len(others) / len(frauds),
        },
        init_score=first_log_odds(rows).astype(np.float64),
    )


def fit_forest(rows: Floats, labels: Floats, rounds: int, parameters: dict[str, Any], **data: Any) -> Forest:
    """Return what LightGBM makes of rows and labels, without its shrunk first guess."""
    import lightgbm  # noqa: PLC0415 - what scores must not need it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = lightgbm.Dataset(rows, labels, params=parameters, free_raw_data=True, **data)
        booster = lightgbm.train(parameters, whole, rounds, keep_training_booster=True)
    return parse_lightgbm(booster.model_to_string())

"""The pooled trees' score as one more feature: what fraud looks like on all lines together.

Where a line's rows are learnt from, the trees that score them were fitted on other lines
alone, so that the score is worth there what it is worth on a line that is new.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from metalearn.errors import MetalearnError
from metalearn.evidence.forest import Forest
from metalearn.evidence.line_trees import fit_forest
from metalearn.few_shot.scale_noise import with_scale_noise
from metalearn.support import LineSupport
from metalearn.tasks.task import Task

Floats = npt.NDArray[np.float32]

ROUNDS = 60
_FOLDS = 3
_MOST_ROWS = 40_000
_FRAUD_SHARE = 0.1
_CLIP = 20.0
# Of a raw score; lines spread .5 to 2.
_LEAST_SCALE = 0.05
_PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 15,
    "learning_rate": 0.1,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.5,
    "lambda_l2": 5.0,
    "max_bin": 63,
    "verbose": -1,
    "deterministic": True,
    "force_col_wise": True,
}


@dataclass(frozen=True, slots=True)
class PooledScale:
    """Mean and spread of the pooled score on a line's own unlabelled rows."""

    mean: float
    scale: float

    def extended(self, rows: Floats, pooled: Forest) -> Floats:
        """Return rows with the pooled score as their last feature, float32 [n, features + 1]."""
        return self.with_score(rows, pooled.predict(rows))

    def with_score(self, rows: Floats, score: Floats) -> Floats:
        """Return rows with the pooled trees' score of each, on the line's scale, as their last feature."""
        return np.concatenate([rows, self.scaled(score)[:, None]], 1)

    def scaled(self, score: Floats) -> Floats:
        """Return the pooled trees' score of rows on the line's scale, float32 [n]."""
        scaled = (score - np.float32(self.mean)) / np.float32(self.scale)
        # `clip` takes five times as long for the few rows that a line has in a batch.
        return np.asarray(np.minimum(np.maximum(scaled, np.float32(-_CLIP)), np.float32(_CLIP)), np.float32)

    def extended_support(self, support: LineSupport, pooled: Forest) -> LineSupport:
        """Return the support with all its rows extended."""
        return LineSupport(
            *(self.extended(part, pooled) for part in (support.frauds, support.genuine, support.unlabelled))
        )


def pooled_scale(reference: Floats, pooled: Forest) -> tuple[PooledScale, Floats]:
    """Return the scale of a line with these reference rows, and the rows extended.

    Args:
        reference: Rows of the line, presumed genuine, float32 [n, features].
        pooled: The trees.
    """
    rows = np.ascontiguousarray(reference, np.float32)
    if not len(rows):
        return PooledScale(0.0, 1.0), np.empty((0, rows.shape[1] + 1), np.float32)
    scores = pooled.predict(rows).astype(np.float64)
    scale = PooledScale(float(scores.mean()), max(float(scores.std()), _LEAST_SCALE))
    return scale, scale.with_score(rows, scores.astype(np.float32))


def fit_pooled(tasks: Sequence[Task], threads: int, seed: int, scale_noise: float) -> Forest:
    """Return trees fitted over all lines, every line alike.

    Args:
        tasks: The lines.
        threads: Of LightGBM.
        seed: Of all chance.
        scale_noise: By how much a line's scale may be off.

    Raises:
        MetalearnError: No line has a fraud.
    """
    generator = np.random.default_rng([seed, 17])
    rows, labels, weights = [], [], []
    each = max(_MOST_ROWS // max(len(tasks), 1), 1)
    for task in tasks:
        frauds = np.flatnonzero(task.labels == 1)
        others = np.flatnonzero(task.labels == 0)
        if not len(frauds) or not len(others):
            continue
        kept = np.concatenate([generator.permutation(frauds)[:each], generator.permutation(others)[:each]])
        fraud = np.isin(kept, frauds)
        share = np.where(fraud, _FRAUD_SHARE / fraud.sum(), (1 - _FRAUD_SHARE) / (~fraud).sum())
        rows.append(with_scale_noise(task.features[kept], scale_noise, generator))
        labels.append(fraud.astype(np.float32))
        weights.append(share)
    if not rows:
        raise MetalearnError("nothing to learn from: no line has frauds and genuine rows")
    joined = np.concatenate(weights)
    parameters = {**_PARAMETERS, "num_threads": threads, "seed": seed}
    scaled = joined * len(joined) / joined.sum()
    return fit_forest(np.concatenate(rows), np.concatenate(labels), ROUNDS, parameters, weight=scaled)


def fit_on_others(tasks: Sequence[Task], threads: int, seed: int, scale_noise: float) -> list[Forest]:
    """Return trees such that those at `line % len` were fitted without that line, if other lines have frauds."""
    folds = min(_FOLDS, len(tasks))
    found = []
    for fold in range(folds):
        others = [task for at, task in enumerate(tasks) if at % folds != fold] or list(tasks)
        try:
            found.append(fit_pooled(others, threads, seed, scale_noise))
        except MetalearnError:
            found.append(fit_pooled(tasks, threads, seed, scale_noise))
    return found

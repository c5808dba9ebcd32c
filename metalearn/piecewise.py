"""Piecewise-linear encoding: each feature as how far it is through each of its bins.

Gorishniy, Rubachev and Babenko, "On embeddings for numerical features in tabular deep
learning", 2022, section 3.1. It lets a small network draw the sharp thresholds that
trees draw.
"""

import numpy as np
import numpy.typing as npt

EDGES = "encode.edges"

_SAMPLE = 20_000
_FLAT = 1e-6


def fit_edges(
    rows: npt.NDArray[np.float32], labels: npt.NDArray[np.integer], bins: int, generator: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Return the bins' edges: quantiles of a sample in which half of the rows are frauds.

    Args:
        rows: Standardised rows, float32 [n, features].
        labels: 1 fraud, 0 genuine, [n].
        bins: Bins of each feature.
        generator: Source of chance.

    Returns:
        Growing edges, float32 [features, bins + 1]; equal edges where a feature has
        fewer distinct values.
    """
    groups = [np.flatnonzero(labels == kind) for kind in (1, 0)]
    chosen = np.concatenate([generator.choice(group, _SAMPLE // 2) for group in groups if len(group)])
    made = np.empty((rows.shape[1], bins + 1), np.float32)
    for column in range(rows.shape[1]):
        distinct = np.unique(np.quantile(rows[chosen, column], np.linspace(0.0, 1.0, bins + 1)))
        if len(distinct) == 1:
            distinct = np.array([distinct[0], distinct[0] + 1.0])
        made[column, : len(distinct)] = distinct
        made[column, len(distinct) :] = distinct[-1]
    return made


def encode(rows: npt.NDArray[np.float32], edges: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return how far each value is through each bin, 0 before it and 1 beyond it.

    Args:
        rows: float32 [n, features].
        edges: float32 [features, bins + 1].

    Returns:
        float32 [n, features · bins].
    """
    low, width = edges[:, :-1], np.diff(edges, axis=1)
    flat = width <= _FLAT
    through = (rows[:, :, None] - low) / np.where(flat, 1.0, width)
    encoded = np.where(flat, 0.0, np.clip(through, 0.0, 1.0))
    return np.ascontiguousarray(encoded.reshape(len(rows), -1), np.float32)

"""Exemplar evidence: each labelled fraud stays separate, closeness is a share of the line's own background.

Of a row and a fraud, in one feature, the surprise is `-log((1 + 2 n) / (B + 1))`, n of B
background values lying from the one to the other, both ends included: no scale and no
bandwidth enter, and a value that frauds repeat and the background has not is the most
surprising of all.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ranks = npt.NDArray[np.int32]

MOST_BACKGROUND = 1_024
"""So many values of each feature stand for the background; more are thinned evenly."""
_LEAST_WEIGHT = 0.05
_USUAL_RELEVANCE = 0.8
_PRIOR_FRAUDS = 2.0
_PRIOR_SURPRISE = 3.0
_ONE_FRAUD = 1.5


def sorted_background(rows: Floats) -> Floats:
    """Return each feature's values in order, at most 1,024, float32 [features, n]."""
    ordered = np.sort(rows.T, axis=1)
    count = ordered.shape[1]
    if count > MOST_BACKGROUND:
        chosen = ((np.arange(MOST_BACKGROUND) + 0.5) * count / MOST_BACKGROUND).astype(np.int64)
        ordered = ordered[:, chosen]
    return np.ascontiguousarray(ordered, np.float32)


# A scorer asks for each batch of a line; backgrounds have few lengths.
@lru_cache(256)
def surprise_table(count: int) -> Floats:
    """Return the surprise of n of `count` background values between row and exemplar, float32 [count + 1]."""
    between = np.arange(count + 1, dtype=np.float64)
    return np.asarray(-np.log(np.minimum((1.0 + 2.0 * between) / (count + 1.0), 1.0)), np.float32)


def relevance(low: Ranks, high: Ranks, surprise: Floats) -> Floats:
    """Return how much closer frauds are to each other in each feature than chance, float32 [features].

    Args:
        low: Background values below each fraud, int32 [k, features].
        high: Background values not above it.
        surprise: From `surprise_table`.
    """
    count, features = low.shape
    if count < 2:
        return np.full(features, _ONE_FRAUD if count else 0.0, np.float32)
    between = np.maximum(high[:, None] - low[None, :], high[None, :] - low[:, None])
    pairs = surprise[np.maximum(between, 0)]
    pairs[np.arange(count), np.arange(count)] = -np.inf
    nearest = pairs.max(1).sum(0)
    return np.asarray((nearest + _PRIOR_SURPRISE) / (count + _PRIOR_FRAUDS), np.float32)


def feature_weights(relevant: Floats) -> Floats:
    """Return what each feature counts in a sum over features; their mean is 1."""
    weight = np.maximum(relevant - _USUAL_RELEVANCE, _LEAST_WEIGHT)
    return np.asarray(weight / weight.mean(), np.float32)

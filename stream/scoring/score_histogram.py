"""Scores in bins: what share of a line's events scores how high."""

import numba
import numpy as np
import numpy.typing as npt

BINS = 512
LEAST_LOGIT = -12.0
MOST_LOGIT = 12.0
BIN_WIDTH = (MOST_LOGIT - LEAST_LOGIT) / BINS


@numba.njit(cache=True, nogil=True)
def bin_position(score: float) -> float:
    """Return where a score lies on the scale of bins, in [0, BINS]."""
    # So written, no number at all counts as the least score.
    if not score > 0.0:
        return 0.0
    if score >= 1.0:
        return float(BINS)
    position = (np.log(score) - np.log1p(-score) - LEAST_LOGIT) / BIN_WIDTH
    return float(min(max(position, 0.0), float(BINS)))


def score_at(position: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the score at a position on the scale of bins."""
    return 1.0 / (1.0 + np.exp(-(LEAST_LOGIT + position * BIN_WIDTH)))


def histogram_of(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the share of scores in each bin, float64 [512]; even where there are none."""
    if not len(scores):
        return np.full(BINS, 1.0 / BINS)
    clipped = np.clip(scores, 1e-12, 1.0 - 1e-12)
    position = (np.log(clipped) - np.log1p(-clipped) - LEAST_LOGIT) / BIN_WIDTH
    bins = np.clip(position.astype(np.int64), 0, BINS - 1)
    return np.bincount(bins, minlength=BINS) / len(scores)

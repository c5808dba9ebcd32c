"""A logistic curve from a score to a chance (Platt, "Probabilistic outputs for support vector machines", 1999)."""

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

_STEPS = 25
_MOST_STEP = 2.0
# exp of it is still finite.
_MOST_LOGIT = 700.0


def sigmoid(logits: Vector) -> Vector:
    """Return 1 / (1 + exp(-logit)), without overflow."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -_MOST_LOGIT, _MOST_LOGIT))))


def log_odds(share: float) -> float:
    """Return the log odds of a share in (0, 1)."""
    return float(np.log(share / (1.0 - share)))


def fit_curve(scores: Vector, targets: Vector, weights: Vector, prior: Vector, precision: Vector) -> Vector:
    """Return slope and intercept of highest posterior density under a Gaussian prior, by Newton's steps.

    Args:
        scores: Of rows, [n].
        targets: 1 fraud, 0 genuine, [n].
        weights: Of the rows, [n].
        prior: Slope and intercept that few rows leave, [2].
        precision: How much the prior weighs, [2].
    """
    design = np.column_stack([scores, np.ones_like(scores)])
    found = prior.copy()
    for _ in range(_STEPS):
        chance = sigmoid(design @ found)
        gradient = design.T @ (weights * (chance - targets)) + precision * (found - prior)
        curvature = (design * (weights * chance * (1.0 - chance))[:, None]).T @ design + np.diag(precision)
        found = found - np.clip(np.linalg.solve(curvature, gradient), -_MOST_STEP, _MOST_STEP)
    return found

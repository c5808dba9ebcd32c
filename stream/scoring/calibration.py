"""From a network's logit to a score that can be read as a probability.

Platt, "Probabilistic outputs for support vector machines", 1999, with a ridge: few
labels leave the slope at 1 and the intercept at the prior correction of a network
that was taught at another share of frauds.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metalearn.logistic_curve import fit_curve, log_odds, sigmoid

Vector = npt.NDArray[np.float64]

_LEAST_SLOPE, _MOST_SLOPE = 0.1, 10.0
# The prior weighs like so many frauds.
_PRIOR_FRAUDS = 10.0
_MOST_LOGIT = 35.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """score = 1 / (1 + exp(-(slope · logit + intercept))), the slope above 0."""

    slope: float
    intercept: float

    def apply(self, logits: Vector) -> Vector:
        """Return scores in [0, 1], float64 [n]."""
        return calibrated(logits, self.slope, self.intercept)


def calibrated(logits: Vector, slope: float | Vector, intercept: float | Vector) -> Vector:
    """Return scores in [0, 1] of logits, by one curve or each by its own."""
    return sigmoid(np.clip(slope * logits + intercept, -_MOST_LOGIT, _MOST_LOGIT))


def fit_calibration(
    fraud_logits: Vector, genuine_logits: Vector, prevalence: float, taught_share: float = 0.5
) -> Calibration:
    """Return the calibration of a line at its true share of frauds.

    Args:
        fraud_logits: Of labelled frauds, [k]; may be empty.
        genuine_logits: Of rows taken as genuine, [n]; may be empty.
        prevalence: The line's share of frauds, in (0, 1).
        taught_share: The share of frauds that the network was taught at.
    """
    prevalence = min(max(prevalence, 1e-6), 0.5)
    prior = np.array([1.0, log_odds(prevalence) - log_odds(taught_share)])
    frauds, others = len(fraud_logits), len(genuine_logits)
    if not frauds or not others:
        return Calibration(1.0, float(prior[1]))
    logits = np.concatenate([fraud_logits, genuine_logits])
    targets = np.concatenate([np.ones(frauds), np.zeros(others)])
    # Weights bring the classes to the line's true shares, the frauds' total to their number.
    weights = np.concatenate([np.ones(frauds), np.full(others, frauds * (1.0 - prevalence) / prevalence / others)])
    found = fit_curve(logits, targets, weights, prior, np.array([_PRIOR_FRAUDS, 0.2 * _PRIOR_FRAUDS]))
    return Calibration(float(np.clip(found[0], _LEAST_SLOPE, _MOST_SLOPE)), float(found[1]))

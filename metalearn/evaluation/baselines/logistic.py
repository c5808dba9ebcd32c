"""Logistic regression: on a line's labels alone, and pulled towards the pooled one (MAP)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from metalearn.evaluation.baselines.pool import clipped, learnt_from, pool_of
from metalearn.evaluation.method import FitCache, Kind, Score, Setting
from metalearn.logistic_curve import sigmoid
from metalearn.support import LineSupport
from metalearn.tasks.task import Task

Coefficients = npt.NDArray[np.float64]

_POOLED_STRENGTH = 1.0
_FREE = 1e-3
_STEPS = 30


def fit_logistic(
    rows: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int8],
    weights: npt.NDArray[np.float64],
    prior: Coefficients,
    strength: float,
) -> Coefficients:
    """Return the coefficients of highest posterior density under a Gaussian prior; Newton's steps, halved if need be.

    Args:
        rows: [n, features].
        labels: 1 or 0, [n].
        weights: Of the rows, [n].
        prior: Mean, the constant last, [features + 1].
        strength: The prior's precision; the constant's is 1e-3.

    Returns:
        float64 [features + 1], the constant last.
    """
    inputs = np.concatenate([rows.astype(np.float64), np.ones((len(rows), 1))], 1)
    precision = np.full(len(prior), strength)
    precision[-1] = _FREE

    def cost(at: Coefficients) -> float:
        logits = inputs @ at
        losses = np.logaddexp(0.0, logits) - labels * logits
        return float(weights @ losses + 0.5 * precision @ (at - prior) ** 2)

    current, lowest = prior.copy(), cost(prior)
    for _ in range(_STEPS):
        chance = sigmoid(inputs @ current)
        slope = inputs.T @ (weights * (chance - labels)) + precision * (current - prior)
        curve = (inputs * (weights * chance * (1 - chance))[:, None]).T @ inputs + np.diag(precision)
        step = np.linalg.solve(curve, slope)
        share = 1.0
        while share > 1e-4 and cost(current - share * step) > lowest:
            share /= 2
        current = current - share * step
        reached = cost(current)
        if lowest - reached < 1e-9 * (1 + abs(lowest)):
            break
        lowest = reached
    return current


@dataclass(frozen=True, slots=True)
class Logistic:
    """Fitted on the labels alone, or with them from the pooled regression on.

    Attributes:
        pooled: Whether the prior's mean is the pooled regression, not zero.
    """

    name: str
    pooled: bool
    settings: Sequence[Setting]
    kind: Kind = "baseline"

    def train(self, tasks: Sequence[Task], setting: Setting, seed: int, cache: FitCache) -> "_Adaptable":
        """Fit the pooled regression where it is used."""
        prior = np.zeros(tasks[0].features.shape[1] + 1)
        if self.pooled:
            pool = pool_of(tasks, seed, cache)
            zero = prior
            prior = cache.get(
                "pooled_logistic",
                lambda: fit_logistic(clipped(pool.rows), pool.labels, pool.weights, zero, _POOLED_STRENGTH),
            )
        return _Adaptable(prior, float(setting["strength"]), int(setting["presumed"]))


class _Adaptable:
    def __init__(self, prior: Coefficients, strength: float, presumed: int) -> None:
        self._prior, self._strength, self._presumed = prior, strength, presumed

    def adapt(self, support: LineSupport) -> Score:
        found = self._prior
        if len(support.frauds):
            rows, labels, weights = learnt_from(support, self._presumed)
            found = fit_logistic(clipped(rows), labels, weights, self._prior, self._strength)

        def score(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
            return sigmoid(clipped(rows) @ found[:-1] + found[-1])

        return score


def logistic_on_labels() -> Logistic:
    """Return the regression that knows the line alone."""
    grid = [{"strength": strength, "presumed": presumed} for strength, presumed in product((0.3, 3.0, 30.0), (0, 200))]
    return Logistic("logistic", pooled=False, settings=grid)


def logistic_map() -> Logistic:
    """Return the regression that is pulled towards the pooled one."""
    grid = [
        {"strength": strength, "presumed": presumed} for strength, presumed in product((0.03, 0.3, 3.0, 30.0), (0, 200))
    ]
    return Logistic("logistic map", pooled=True, settings=grid)

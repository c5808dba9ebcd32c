"""Baselines that look at no label: a constant, and how unusual a row is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from metalearn.evaluation.method import FitCache, Kind, Score, Setting
from metalearn.support import LineSupport
from metalearn.tasks.task import Task

_SHRINK = 0.1


@dataclass(frozen=True, slots=True)
class Prevalence:
    """Every row gets the training lines' share of frauds; its average precision is the prevalence."""

    name: str = "prevalence"
    kind: Kind = "baseline"
    settings: Sequence[Setting] = ({},)

    def train(self, tasks: Sequence[Task], setting: Setting, seed: int, cache: FitCache) -> "_Constant":  # noqa: ARG002 - the protocol's
        """Return the mean of the lines' shares."""
        return _Constant(float(np.mean([task.frauds / max(len(task.labels), 1) for task in tasks])))


class _Constant:
    def __init__(self, value: float) -> None:
        self._value = value

    def adapt(self, support: LineSupport) -> Score:  # noqa: ARG002 - the protocol's
        return self.score

    def score(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        return np.full(len(rows), self._value)


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Mahalanobis' distance to the mean of the line's unlabelled past."""

    name: str = "anomaly"
    kind: Kind = "baseline"
    settings: Sequence[Setting] = ({},)

    def train(self, tasks: Sequence[Task], setting: Setting, seed: int, cache: FitCache) -> "_Distance":  # noqa: ARG002 - the protocol's
        """Learn nothing: only a line's own past counts."""
        return _Distance()


class _Distance:
    def adapt(self, support: LineSupport) -> Score:
        past = support.unlabelled.astype(np.float64)
        mean = past.mean(0) if len(past) else np.zeros(support.width)
        covariance = np.atleast_2d(np.cov(past, rowvar=False)) if len(past) > 1 else np.zeros((support.width,) * 2)
        inverse = np.linalg.inv((1 - _SHRINK) * covariance + _SHRINK * np.eye(support.width))
        width = float(support.width)

        def score(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
            away = rows - mean
            squared: npt.NDArray[Any] = ((away @ inverse) * away).sum(1)
            return squared / (squared + 10 * width)

        return score

"""The shipped model in the form that an evaluation takes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from metalearn.evaluation.method import FitCache
from metalearn.few_shot.cascade import cascade_line
from metalearn.few_shot.model import SharedModel
from metalearn.few_shot.training import FewShotPlan, train_shared_model
from metalearn.logistic_curve import sigmoid
from metalearn.support import LineSupport
from metalearn.tasks.task import Task

Floats = npt.NDArray[np.float32]
Scorer = Callable[[Floats], npt.NDArray[np.float64]]


class TrainedFewShot:
    """The shared model, ready to adapt."""

    def __init__(self, shared: SharedModel, *, cascade: bool) -> None:
        """Take the shared model, and whether rows are scored by the cascade."""
        self.shared = shared
        self._cascade = cascade

    def adapt(self, support: LineSupport) -> Scorer:
        """Return the function that gives rows [n, features] their chance of fraud."""
        model = self.shared.adapt(support)
        rarity = partial(cascade_line, model) if self._cascade else model.full
        return lambda rows: sigmoid(self.shared.log_odds(rarity(rows), self.shared.prevalence))


class FewShotMethod:
    """Foreshot's few-shot model; it has no setting to tune on validation lines."""

    kind: Literal["ours", "baseline"] = "ours"
    settings: Sequence[dict[str, Any]] = ({},)

    def __init__(self, name: str = "foreshot", plan: FewShotPlan | None = None, *, cascade: bool = False) -> None:
        """Take how the model is trained, and whether rows are scored by the cascade."""
        self.name = name
        self._plan = plan or FewShotPlan()
        self._is_cascade = cascade

    def train(self, tasks: Sequence[Task], setting: Mapping[str, Any], seed: int, cache: FitCache) -> TrainedFewShot:
        """Return the model trained over lines; `setting` is empty."""
        del setting
        plan = replace(self._plan, seed=seed)
        shared: SharedModel = cache.get(f"few_shot {plan}", lambda: train_shared_model(tasks, plan))
        return TrainedFewShot(shared, cascade=self._is_cascade)

"""Reptile and FOMAML on the plain features, from the pooled network on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
import torch
from torch import Tensor

from metalearn.evaluation.baselines.episodes import Episodes, chance_of
from metalearn.evaluation.baselines.pool import FRAUD_SHARE, clipped, learnt_from
from metalearn.evaluation.baselines.pooled_network import WIDTHS, Layers, network_score, pooled_layers
from metalearn.evaluation.method import FitCache, Kind, Score, Setting
from metalearn.learners.learner import Learner, NetworkShape, State, Weights
from metalearn.learners.maml import Maml
from metalearn.learners.reptile import Reptile
from metalearn.losses import balanced_cross_entropy
from metalearn.outer_loop import OuterPlan, train_state
from metalearn.rows import Rows, rows_of
from metalearn.support import LineSupport
from metalearn.tasks.task import Task

_INNER_STEPS = 5
_RATE = 0.1
_PLAN = OuterPlan(steps=400, tasks=8, rate=5e-4)


@dataclass(frozen=True, slots=True)
class _From:
    """A learner whose first state is given."""

    learner: Learner
    state: State

    def initial_state(self, generator: torch.Generator, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:  # noqa: ARG002 - the protocol's
        return {name: value.clone().to(dtype) for name, value in self.state.items()}

    def adapt(self, state: State, support: Rows) -> Weights:
        return self.learner.adapt(state, support)

    def predict(self, weights: Weights, inputs: Tensor) -> Tensor:
        return self.learner.predict(weights, inputs)

    def meta_loss(self, state: State, support: Rows, query: Rows, progress: float = 1.0) -> Tensor:
        return self.learner.meta_loss(state, support, query, progress)


@dataclass(frozen=True, slots=True)
class MetaLearned:
    """An initialisation learnt over episodes, that takes gradient steps on a support.

    Attributes:
        reptile: Whether Reptile learns it; FOMAML where not.
    """

    name: str
    reptile: bool
    kind: Kind = "baseline"
    settings: Sequence[Setting] = tuple({"steps": steps, "rate": rate} for steps, rate in product((5, 20), (0.1, 0.3)))

    def train(self, tasks: Sequence[Task], setting: Setting, seed: int, cache: FitCache) -> "_Initialised":
        """Train the pooled network, then the initialisation over episodes."""
        layers = pooled_layers(tasks, seed, cache)
        inner = _inner(layers["layer0.weight"].shape[1])
        learner: Learner = Reptile(inner) if self.reptile else inner
        state: Layers = cache.get(self.name, lambda: _trained(_From(learner, layers), tasks, seed))
        start = cache.get(f"{self.name} score", lambda: network_score(state))
        return _Initialised(state, start, replace(inner, steps=setting["steps"], rate=setting["rate"]))


def _inner(features: int) -> Maml:
    loss = partial(balanced_cross_entropy, fraud_share=FRAUD_SHARE)
    return Maml(NetworkShape(features, WIDTHS), loss, _INNER_STEPS, _RATE, first_order=True)


def _trained(learner: Learner, tasks: Sequence[Task], seed: int) -> Layers:
    episodes = Episodes(tasks)
    return train_state(
        learner, lambda count, generator: episodes.draw(count, chance_of(generator)), replace(_PLAN, seed=seed)
    )


class _Initialised:
    def __init__(self, state: Layers, start: Score, inner: Maml) -> None:
        self._state, self._start, self._inner = state, start, inner

    def adapt(self, support: LineSupport) -> Score:
        if not len(support.frauds):
            return self._start
        rows, labels, _ = learnt_from(support, 0)
        inputs = torch.from_numpy(clipped(rows)).unsqueeze(0)
        targets = torch.from_numpy(labels.astype(np.float32)).unsqueeze(0)
        adapted = self._inner.adapt(self._state, rows_of(inputs, targets))
        return network_score({name: value[0].detach() for name, value in adapted.items()})


def fomaml() -> MetaLearned:
    """Return first-order MAML."""
    return MetaLearned("fomaml", reptile=False)


def reptile() -> MetaLearned:
    """Return Reptile."""
    return MetaLearned("reptile", reptile=True)

"""Reptile: the initialisation moves towards where tasks end (Nichol, Achiam and Schulman, 2018)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from metalearn.learners.learner import State, Weights
from metalearn.learners.maml import Maml
from metalearn.rows import Rows, joined


@dataclass(frozen=True, slots=True)
class Reptile:
    """Adapts as MAML does; no gradient passes through the inner loop.

    Attributes:
        inner: How a task adapts; its order does not matter.
    """

    inner: Maml

    def initial_state(self, generator: torch.Generator, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
        """Return fresh parameters."""
        return self.inner.initial_state(generator, dtype)

    def adapt(self, state: State, support: Rows) -> Weights:
        """Return each task's weights after the inner loop."""
        return self.inner.adapt(state, support)

    def predict(self, weights: Weights, inputs: Tensor) -> Tensor:
        """Return predictions [tasks, examples]."""
        return self.inner.predict(weights, inputs)

    def meta_loss(self, state: State, support: Rows, query: Rows, progress: float = 1.0) -> Tensor:  # noqa: ARG002 - the protocol's
        """Return half the squared distance to where each task's rows, support and query, lead.

        Its gradient is Reptile's: the initialisation minus the adapted weights, the mean
        over tasks.
        """
        ends = self.inner.adapt({name: value.detach() for name, value in state.items()}, joined(support, query))
        distances = [(value - ends[name].detach()).square().sum() for name, value in state.items()]
        return 0.5 * torch.stack(distances).sum() / len(support)

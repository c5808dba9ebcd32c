"""The one shape of all meta-learners."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from metalearn.networks import initial_parameters, spread_parameters, with_constants
from metalearn.rows import Rows

State = Mapping[str, Tensor]
"""All that the outer loop learns, by name: parameters as in `networks`, and what a learner keeps beside them."""
Weights = dict[str, Tensor]
"""A network adapted to each task, with a leading axis of tasks."""
TaskLoss = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(predictions, targets, weights), each [..., examples], to each task's loss [...]."""


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """A perceptron with one output.

    Attributes:
        inputs: How many.
        widths: Of the hidden layers.
        spread: Whether it begins with spread biases (`spread_parameters`) instead of none.
        constants: Learned inputs beside each row's own (`with_constants`).
    """

    inputs: int
    widths: tuple[int, ...]
    spread: bool = False
    constants: int = 0

    def draw(self, generator: torch.Generator, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
        """Return fresh parameters."""
        begin = spread_parameters if self.spread else initial_parameters
        drawn = begin(self.inputs + self.constants, self.widths, generator, dtype)
        return with_constants(drawn, self.inputs, self.constants) if self.constants else drawn


class Learner(Protocol):
    """Pure functions over a state: nothing is changed in place."""

    def initial_state(self, generator: torch.Generator, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
        """Return the state before any outer step."""
        ...

    def adapt(self, state: State, support: Rows) -> Weights:
        """Return the weights of each task after it learnt from its support."""
        ...

    def predict(self, weights: Weights, inputs: Tensor) -> Tensor:
        """Return predictions [tasks, examples] for inputs [tasks, examples, features]."""
        ...

    def meta_loss(self, state: State, support: Rows, query: Rows, progress: float = 1.0) -> Tensor:
        """Return the scalar that the outer loop lowers.

        Args:
            state: What the gradient is taken of.
            support: What each task adapts to.
            query: What it is judged on.
            progress: The share of the training that is done, for what changes in its course.
        """
        ...

"""MAML and what is one switch away from it: first order, ANIL, Meta-SGD, per-step rates, multi-step loss."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from metalearn.inner_loop import InnerLoop, Rates, trajectory
from metalearn.learners.learner import NetworkShape, State, TaskLoss, Weights
from metalearn.networks import for_tasks, forward, layer_count
from metalearn.rows import Rows

RATE = "rate."


@dataclass(frozen=True, slots=True)
class Maml:
    """Gradient steps on the support, seen through by the outer loop.

    Attributes:
        shape: Of the network.
        loss: Of support and query.
        steps: Inner steps.
        rate: Inner step size, or its first value where it is learned.
        first_order: FOMAML: gradients of the inner loop are constants (Finn, Abbeel and
            Levine, 2017, section 5.2).
        head_only: ANIL: the last layer alone adapts (Raghu et al., 2020).
        learned_rates: `layer` is one for each layer's tensor, `parameter` one for each
            number (Meta-SGD; Li et al., 2017),
            `layer_and_step` one for each layer's tensor and step (MAML++; Antoniou,
            Edwards and Storkey, 2019, section 4). The state keeps them as multiples of
            `rate`, so that an outer step moves them as it moves parameters.
        multi_step: Whether the query loss after every inner step counts, those before the
            last less and less (MAML++, section 4, multi-step loss optimisation).
        first_order_share: Of the training, at its begin, that is first order (MAML++,
            section 4, derivative-order annealing).
        unadapted_share: Weight of the query loss before adapting, so that the
            initialisation itself can serve a task without labels.
    """

    shape: NetworkShape
    loss: TaskLoss
    steps: int = 1
    rate: float = 0.01
    first_order: bool = False
    head_only: bool = False
    learned_rates: Literal["none", "layer", "parameter", "layer_and_step"] = "none"
    multi_step: bool = False
    first_order_share: float = 0.0
    unadapted_share: float = 0.0

    def initial_state(self, generator: torch.Generator, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
        """Return fresh parameters, and rates where they are learned."""
        parameters = self.shape.draw(generator, dtype)
        return {**parameters, **{RATE + name: one for name, one in self._first_rates(parameters).items()}}

    def adapt(self, state: State, support: Rows) -> Weights:
        """Return each task's weights after the inner loop."""
        return self._steps_of(state, support, first_order=self.first_order)[-1]

    def predict(self, weights: Weights, inputs: Tensor) -> Tensor:
        """Return predictions [tasks, examples]."""
        return forward(weights, inputs)

    def meta_loss(self, state: State, support: Rows, query: Rows, progress: float = 1.0) -> Tensor:
        """Return the mean query loss after adapting, and before it as far as its share goes."""
        first_order = self.first_order or progress < self.first_order_share
        passed = self._steps_of(state, support, first_order=first_order)
        after = self._after(passed, query, progress)
        if not self.unadapted_share:
            return after
        return (1 - self.unadapted_share) * after + self.unadapted_share * self._judged(passed[0], query)

    def _after(self, passed: list[Weights], query: Rows, progress: float) -> Tensor:
        if not self.multi_step:
            return self._judged(passed[-1], query)
        shares = step_shares(self.steps, progress)
        losses = [share * self._judged(one, query) for share, one in zip(shares, passed[1:], strict=True) if share]
        return torch.stack(losses).sum()

    def _judged(self, weights: Weights, query: Rows) -> Tensor:
        return self.loss(forward(weights, query.inputs), query.targets, query.weights).mean()

    def _steps_of(self, state: State, support: Rows, *, first_order: bool) -> list[Weights]:
        parameters = {name: value for name, value in state.items() if not name.startswith(RATE)}

        def loss(current: State) -> Tensor:
            return self.loss(forward(current, support.inputs), support.targets, support.weights).sum()

        loop = InnerLoop(self.steps, first_order, self._adapted(parameters))
        return trajectory(loss, for_tasks(parameters, len(support)), lambda step: self._rates(state, step), loop)

    def _adapted(self, parameters: State) -> frozenset[str] | None:
        if not self.head_only:
            return None
        last = layer_count(parameters) - 1
        return frozenset((f"layer{last}.weight", f"layer{last}.bias"))

    def _first_rates(self, parameters: State) -> State:
        if self.learned_rates == "layer":
            return {name: value.new_ones(()) for name, value in parameters.items()}
        if self.learned_rates == "parameter":
            return {name: torch.ones_like(value) for name, value in parameters.items()}
        if self.learned_rates == "layer_and_step":
            return {name: value.new_ones(self.steps) for name, value in parameters.items()}
        return {}

    def _rates(self, state: State, step: int) -> Rates:
        names = [name for name in state if not name.startswith(RATE)]
        if self.learned_rates == "none":
            return dict.fromkeys(names, self.rate)
        learned = {name: self.rate * state[RATE + name] for name in names}
        return {name: one[step] for name, one in learned.items()} if self.learned_rates == "layer_and_step" else learned


def step_shares(steps: int, progress: float) -> list[float]:
    """Return what each step's query loss counts: all alike at first, the last alone from half-way on."""
    early = max(1.0 - 2.0 * progress, 0.0) / steps
    return [early] * (steps - 1) + [1.0 - early * (steps - 1)]

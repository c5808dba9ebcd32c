"""BMAML: particles by SVGD inside, a chaser that follows its leader outside; and a plain ensemble.

Yoon, Kim, Dia, Kim, Bengio and Ahn, "Bayesian model-agnostic meta-learning", 2018,
algorithm 2.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from metalearn.learners.learner import NetworkShape, State, TaskLoss, Weights
from metalearn.learners.maml import Maml
from metalearn.networks import forward
from metalearn.rows import Rows, joined
from metalearn.svgd import direction

LOG_NOISE = "log_noise"


@dataclass(frozen=True, slots=True)
class Bmaml:
    """A posterior over a task's weights, kept as particles.

    The likelihood of a row is exp(-loss / (2 · noise²)): Gaussian where the loss is a
    squared error. The prior is Gaussian around zero.

    Attributes:
        shape: Of the network.
        loss: Each task's mean over its rows, such as `squared_error`.
        particles: How many.
        steps: SVGD steps on the support: the chaser.
        leader_steps: Further steps on support and query: the leader.
        rate: Step size.
        noise: Standard deviation of a row, or its first value where it is learned.
        prior_precision: Of each weight.
    """

    shape: NetworkShape
    loss: TaskLoss
    particles: int = 10
    steps: int = 1
    leader_steps: int = 1
    rate: float = 0.01
    noise: float = 1.0
    prior_precision: float = 0.0

    def initial_state(self, generator: torch.Generator, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
        """Return fresh particles: each parameter with a leading axis of particles."""
        drawn = [self.shape.draw(generator, dtype) for _ in range(self.particles)]
        return {name: torch.stack([one[name] for one in drawn]) for name in drawn[0]}

    def adapt(self, state: State, support: Rows) -> Weights:
        """Return each task's particles after the chaser's steps: [tasks, particles, ...]."""
        return self._follow(self._started(state, len(support)), support, self.steps, seen_through=False)

    def predict(self, weights: Weights, inputs: Tensor) -> Tensor:
        """Return the mean over the particles, [tasks, examples]."""
        return self.predict_each(weights, inputs).mean(1)

    def predict_each(self, weights: Weights, inputs: Tensor) -> Tensor:
        """Return every particle's predictions, [tasks, particles, examples]."""
        return forward(weights, inputs.unsqueeze(1))

    def meta_loss(self, state: State, support: Rows, query: Rows, progress: float = 1.0) -> Tensor:  # noqa: ARG002 - the protocol's
        """Return the chaser's squared distance to its leader, the mean over tasks.

        No gradient passes through the leader, or it would come to meet its chaser.
        """
        chaser = self._follow(self._started(state, len(support)), support, self.steps, seen_through=True)
        start = {name: value.detach() for name, value in chaser.items()}
        leader = self._follow(start, joined(support, query), self.leader_steps, seen_through=False)
        distances = [(value - leader[name].detach()).square().sum() for name, value in chaser.items()]
        return torch.stack(distances).sum() / len(support)

    def _started(self, state: State, tasks: int) -> Weights:
        return {name: value.unsqueeze(0).expand(tasks, *value.shape) for name, value in state.items()}

    def _follow(self, start: Weights, rows: Rows, steps: int, *, seen_through: bool) -> Weights:
        current = dict(start)
        for _ in range(steps):
            current = self._step(current, rows, seen_through=seen_through)
        return current

    def _step(self, current: Weights, rows: Rows, *, seen_through: bool) -> Weights:
        names = list(current)
        moving = {
            name: value if value.requires_grad and seen_through else value.detach().requires_grad_()
            for name, value in current.items()
        }
        found = torch.autograd.grad(
            self._log_posterior(moving, rows), [moving[name] for name in names], create_graph=seen_through
        )
        ahead = direction(flat(moving, names), flat(dict(zip(names, found, strict=True)), names))
        moved = unflat(ahead, moving, names)
        return {name: moving[name] + self.rate * moved[name] for name in names}

    def _log_posterior(self, particles: Weights, rows: Rows) -> Tensor:
        spread = rows.with_particles()
        losses = self.loss(forward(particles, spread.inputs), spread.targets, spread.weights)
        counts = spread.weights.sum(-1)
        likelihood = -(losses * counts).sum() / (2.0 * self.noise**2)
        if not self.prior_precision:
            return likelihood
        squares = torch.stack([value.square().sum() for value in particles.values()]).sum()
        return likelihood - 0.5 * self.prior_precision * squares


def flat(weights: Weights, names: list[str]) -> Tensor:
    """Return each particle as one vector, [tasks, particles, dimensions]."""
    return torch.cat([weights[name].flatten(2) for name in names], -1)


def unflat(vectors: Tensor, like: Weights, names: list[str]) -> Weights:
    """Return vectors in the shapes of weights."""
    sizes = [like[name].flatten(2).shape[-1] for name in names]
    parts = torch.split(vectors, sizes, -1)
    return {name: part.reshape(like[name].shape) for name, part in zip(names, parts, strict=True)}


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Several learners from different starts, their predictions averaged.

    Attributes:
        member: What each of them is; rates are fixed or learned for each number.
        members: How many.
    """

    member: Maml
    members: int

    def __post_init__(self) -> None:
        """Check that the members can be moved side by side.

        Raises:
            ValueError: Rates are learned by layer, which has no axis of members.
        """
        if self.member.learned_rates not in {"none", "parameter"}:
            raise ValueError(f"an ensemble cannot learn rates by {self.member.learned_rates}")

    def initial_state(self, generator: torch.Generator, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
        """Return the members' states: each tensor with a leading axis of members."""
        drawn = [self.member.initial_state(generator, dtype) for _ in range(self.members)]
        return {name: torch.stack([one[name] for one in drawn]) for name in drawn[0]}

    def adapt(self, state: State, support: Rows) -> Weights:
        """Return each member's weights: [tasks, members, ...]."""
        return self.member.adapt(state, support.with_particles())

    def predict(self, weights: Weights, inputs: Tensor) -> Tensor:
        """Return the mean over the members, [tasks, examples]."""
        return self.predict_each(weights, inputs).mean(1)

    def predict_each(self, weights: Weights, inputs: Tensor) -> Tensor:
        """Return every member's predictions, [tasks, members, examples]."""
        return self.member.predict(weights, inputs.unsqueeze(1))

    def meta_loss(self, state: State, support: Rows, query: Rows, progress: float = 1.0) -> Tensor:
        """Return the sum of the members' own: none sees another."""
        mean = self.member.meta_loss(state, support.with_particles(), query.with_particles(), progress)
        return self.members * mean

"""The outer loop: lowers a learner's meta-loss over batches of tasks."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from metalearn.learners.learner import Learner, State
from metalearn.rows import Rows
from metalearn.soap import Soap

Draw = Callable[[int, torch.Generator], tuple[Rows, Rows]]
"""(tasks, generator) to their support and query."""


@dataclass(frozen=True, slots=True)
class OuterPlan:
    """How a state is trained.

    Attributes:
        steps: Outer steps.
        tasks: Tasks in each.
        rate: The optimiser's highest step size.
        cosine: Whether it falls to nothing along half a cosine (MAML++, section 4).
        warm_up: Steps over which it rises from nothing.
        most_norm: The gradient is cut at this norm.
        optimiser: `adam`, or `soap`, which takes longer for a step and needs far fewer.
        seed: Of the first state and of all tasks.
    """

    steps: int
    tasks: int = 16
    rate: float = 1e-3
    cosine: bool = True
    warm_up: int = 0
    most_norm: float = 10.0
    optimiser: Literal["adam", "soap"] = "adam"
    seed: int = 0


def train_state(
    learner: Learner,
    draw: Draw,
    plan: OuterPlan,
    *,
    progress: Callable[[int, float], None] = lambda *_: None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> dict[str, Tensor]:
    """Return a trained state; the same plan gives the same bits on one processor.

    Args:
        learner: Whose state it is.
        draw: Gives tasks; made on the processor and moved.
        plan: How.
        progress: Told (step, loss).
        dtype: Of the state.
        device: Where it is trained.
    """
    generator = torch.Generator().manual_seed(plan.seed)
    first = learner.initial_state(generator, dtype)
    state = {name: value.to(device).requires_grad_() for name, value in first.items()}
    optimiser = _optimiser(list(state.values()), plan)
    for step in range(plan.steps):
        support, query = (moved(rows, device) for rows in draw(plan.tasks, generator))
        loss = learner.meta_loss(state, support, query, step / plan.steps)
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step, plan)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(state.values(), plan.most_norm)
        optimiser.step()
        progress(step + 1, float(loss.detach()))
    return {name: value.detach() for name, value in state.items()}


def _optimiser(values: list[Tensor], plan: OuterPlan) -> torch.optim.Optimizer:
    return Soap(values, plan.rate) if plan.optimiser == "soap" else torch.optim.Adam(values, lr=plan.rate)


def rate_at(step: int, plan: OuterPlan) -> float:
    """Return the step size: a short rise, then half a cosine down where the plan says so."""
    risen = min(1.0, (step + 1) / (plan.warm_up + 1))
    fallen = 0.5 * (1.0 + math.cos(math.pi * step / plan.steps)) if plan.cosine else 1.0
    return plan.rate * risen * fallen


def moved(rows: Rows, device: torch.device | str) -> Rows:
    """Return rows on a device."""
    return Rows(rows.inputs.to(device), rows.targets.to(device), rows.weights.to(device))


def chosen_device(name: str) -> torch.device:
    """Return the device of a name; `auto` is the graphics processor where there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def judged(learner: Learner, state: State, support: Rows, query: Rows) -> Tensor:
    """Return each task's mean squared error after adapting, [tasks]."""
    adapted = learner.adapt(state, support)
    with torch.no_grad():
        return (learner.predict(adapted, query.inputs) - query.targets).square().mean(-1)

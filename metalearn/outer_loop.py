"""The outer loop: lowers a learner's meta-loss over batches of tasks."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from metalearn.learners.learner import Learner, State
from metalearn.rows import Rows

Draw = Callable[[int, torch.Generator], tuple[Rows, Rows]]
"""(tasks, generator) to their support and query."""


@dataclass(frozen=True, slots=True)
class OuterPlan:
    """How a state is trained.

    Attributes:
        steps: Outer steps.
        tasks: Tasks in each.
        rate: Adam's first step size.
        cosine: Whether it falls to nothing along half a cosine (MAML++, section 4).
        most_norm: The gradient is cut at this norm.
        seed: Of the first state and of all tasks.
    """

    steps: int
    tasks: int = 16
    rate: float = 1e-3
    cosine: bool = True
    most_norm: float = 10.0
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
    adam = torch.optim.Adam(list(state.values()), lr=plan.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, plan.steps) if plan.cosine else None
    for step in range(plan.steps):
        support, query = (moved(rows, device) for rows in draw(plan.tasks, generator))
        loss = learner.meta_loss(state, support, query, step / plan.steps)
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(state.values(), plan.most_norm)
        adam.step()
        if schedule is not None:
            schedule.step()
        progress(step + 1, float(loss.detach()))
    return {name: value.detach() for name, value in state.items()}


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

"""One training of one learner on waves, and its judgement on waves that it never saw."""

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from metalearn.learners.maml import Maml
from metalearn.outer_loop import OuterPlan, judged, moved, train_state
from metalearn.rows import Rows
from metalearn.study.result import Result, Tell, stretches
from metalearn.tasks.sinusoid import SinusoidWorld, draw_waves

JUDGED_TASKS, JUDGED_POINTS = 600, 100
_JUDGED_SEED = 1_000_003
"""Added to a study's seed: the judged waves are never those of a training."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is trained and what it must reach.

    Attributes:
        protocol: Whose.
        method: As the table names it.
        learner: What is trained.
        world: Where the waves come from.
        shots: Points to adapt to.
        query: Points of the outer loss.
        plan: Of the outer loop.
        published: As the literature states it.
        most: The mean squared error to reach, None where none is asked.
    """

    protocol: str
    method: str
    learner: Maml
    world: SinusoidWorld
    shots: int
    query: int
    plan: OuterPlan
    published: str = ""
    most: float | None = None


def run_trial(trial: Trial, tell: Tell, device: torch.device) -> Result:
    """Train, judge, and return the row."""

    def draw(tasks: int, generator: torch.Generator) -> tuple[Rows, Rows]:
        waves = draw_waves(trial.world, tasks, generator)
        return waves.points(trial.shots, generator), waves.points(trial.query, generator)

    losses: list[float] = []

    def progress(step: int, loss: float) -> None:
        losses.append(loss)
        tell(f"{trial.protocol} {trial.method}", step, trial.plan.steps)

    began = time.perf_counter()
    state = train_state(trial.learner, draw, trial.plan, progress=progress, device=device)
    seconds = time.perf_counter() - began
    generator = torch.Generator().manual_seed(trial.plan.seed + _JUDGED_SEED)
    waves = draw_waves(trial.world, JUDGED_TASKS, generator)
    support, query = waves.points(trial.shots, generator), waves.points(JUDGED_POINTS, generator)
    errors = judged(trial.learner, state, moved(support, device), moved(query, device))
    reached = float(errors.mean())
    return Result(
        trial.protocol,
        trial.method,
        trial.published,
        reached,
        over_tasks(errors),
        f"≤ {trial.most:g}" if trial.most is not None else "",
        reached <= trial.most if trial.most is not None else None,
        seconds,
        curve=stretches(losses),
    )


def over_tasks(errors: Tensor) -> tuple[float, float]:
    """Return the 95 % interval of the mean over tasks."""
    mean, half = float(errors.mean()), 1.96 * float(errors.std()) / len(errors) ** 0.5
    return mean - half, mean + half

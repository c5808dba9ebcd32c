"""BMAML's protocol: a hundred waves to learn from, five points to adapt to, ten particles, several seeds.

Yoon et al., "Bayesian model-agnostic meta-learning", 2018, section 5.1. Every wave has ten
fixed points, of which a step takes five as support and five as query. A fifth of the waves
is kept out of training: on it the width of the predictive intervals is set (split conformal
prediction; Lei et al., 2018), for every method alike.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import mean, stdev

import torch
from torch import Tensor

from metalearn.learners.bmaml import Bmaml, Ensemble
from metalearn.learners.learner import NetworkShape, State
from metalearn.learners.maml import Maml
from metalearn.losses import squared_error
from metalearn.outer_loop import OuterPlan, moved, train_state
from metalearn.rows import Rows
from metalearn.study.result import Result, Tell, stretches
from metalearn.study.trial import JUDGED_POINTS, JUDGED_TASKS
from metalearn.tasks.sinusoid import BAYESIAN, draw_waves

_SHOTS, _POINTS = 5, 10
_WAVES_SEED, _JUDGED_SEED = 2_000_003, 3_000_017
_COVERED = 0.9
_LEAST_VARIANCE = 0.01
# Student's t, 97.5 %, by degrees of freedom.
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)


@dataclass(frozen=True, slots=True)
class BayesianPlan:
    """How long and how often.

    Attributes:
        steps: Outer steps of each training.
        seeds: Trainings of each method, each on its own hundred waves, 2 to 10.
        waves: To train and to set the intervals on, together.
        kept_out: Of them, for the intervals.
        particles: Of BMAML, and members of the ensemble.
    """

    steps: int = 1_500
    seeds: int = 5
    waves: int = 100
    kept_out: int = 20
    particles: int = 10


QUICK = BayesianPlan(steps=6, seeds=2, waves=20, kept_out=5, particles=3)
_SHAPE = NetworkShape(1, (40, 40), spread=True, constants=10)


@dataclass(frozen=True, slots=True)
class _Judgement:
    """One training's errors and coverage, and the mean error of its members alone."""

    error: float
    alone: float
    covered: float


def learners(particles: int) -> dict[str, Bmaml | Ensemble]:
    """Return the two that are trained; a member of the ensemble by itself is MAML."""
    return {
        "ensemble": Ensemble(Maml(_SHAPE, squared_error, 1, 0.01), particles),
        "BMAML": Bmaml(_SHAPE, squared_error, particles, steps=1, leader_steps=1, rate=0.01, noise=0.5),
    }


def run_bayesian(seed: int, plan: BayesianPlan, tell: Tell, device: torch.device) -> list[Result]:
    """Train every method with every seed, and return the rows."""
    found: dict[str, list[_Judgement]] = {}
    seconds: dict[str, float] = {}
    curves: dict[str, tuple[float, ...]] = {}
    for name, learner in learners(plan.particles).items():
        began = time.perf_counter()
        for at in range(plan.seeds):
            judgement, losses = _trained(name, learner, seed * plan.seeds + at, plan, tell, device)
            found.setdefault(name, []).append(judgement)
            curves.setdefault(name, stretches(losses))
        seconds[name] = time.perf_counter() - began
    rows = _rows(found)
    return [replace(row, seconds=seconds.get(row.method, 0.0), curve=curves.get(row.method, ())) for row in rows]


def _trained(
    name: str, learner: Bmaml | Ensemble, seed: int, plan: BayesianPlan, tell: Tell, device: torch.device
) -> tuple[_Judgement, list[float]]:
    generator = torch.Generator().manual_seed(seed + _WAVES_SEED)
    pool = draw_waves(BAYESIAN, plan.waves, generator).points(_POINTS, generator)
    taught = plan.waves - plan.kept_out

    def draw(tasks: int, chance: torch.Generator) -> tuple[Rows, Rows]:
        return split(pool, torch.randperm(taught, generator=chance)[:tasks], chance)

    losses: list[float] = []

    def progress(step: int, loss: float) -> None:
        losses.append(loss)
        tell(f"bmaml {name}, seed {seed}", step, plan.steps)

    outer = OuterPlan(plan.steps, 10, 1e-2, warm_up=100, optimiser="soap", seed=seed)
    state = train_state(learner, draw, outer, progress=progress, device=device)
    kept_out = split(pool, torch.arange(taught, plan.waves), generator)
    width = _width(_residuals(learner, state, *kept_out, device)[1])
    chance = torch.Generator().manual_seed(seed + _JUDGED_SEED)
    waves = draw_waves(BAYESIAN, JUDGED_TASKS, chance)
    judged = waves.points(_SHOTS, chance), waves.points(JUDGED_POINTS, chance)
    each, standard = _residuals(learner, state, *judged, device)
    error, alone = float(each.mean(1).square().mean()), float(each.square().mean())
    return _Judgement(error, alone, float((standard <= width).float().mean())), losses


def split(pool: Rows, tasks: Tensor, generator: torch.Generator) -> tuple[Rows, Rows]:
    """Return some tasks' points, five as support and the others as query, in a fresh order."""
    order = torch.rand(len(tasks), pool.targets.shape[1], generator=generator).argsort(1)
    at = tasks[:, None]
    support, query = (
        Rows(pool.inputs[at, part], pool.targets[at, part], pool.weights[at, part])
        for part in (order[:, :_SHOTS], order[:, _SHOTS:])
    )
    return support, query


def _residuals(
    learner: Bmaml | Ensemble, state: State, support: Rows, query: Rows, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return each particle's residuals [tasks, particles, examples], and the mean's in standard deviations."""
    adapted = learner.adapt(state, moved(support, device))
    with torch.no_grad():
        each = learner.predict_each(adapted, moved(query, device).inputs).cpu() - query.targets.unsqueeze(1)
        return each, each.mean(1).abs() / (each.var(1) + _LEAST_VARIANCE).sqrt()


def _width(standard: Tensor) -> float:
    """Return how many standard deviations hold 90 % of the kept-out points."""
    return float(standard.flatten().quantile(_COVERED))


def over_seeds(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of the mean over seeds, by Student's t."""
    half = _T[len(values) - 2] * stdev(values) / len(values) ** 0.5
    return mean(values) - half, mean(values) + half


def _rows(found: dict[str, list[_Judgement]]) -> list[Result]:
    errors = {name: [one.error for one in each] for name, each in found.items()}
    errors["MAML"] = [one.alone for one in found["ensemble"]]
    order = ("BMAML", "ensemble", "MAML")
    made = [Result("bmaml", name, "figure only", mean(errors[name]), over_seeds(errors[name])) for name in order]
    for at, (better, worse) in enumerate(pairwise(order)):
        gains = [one - other for one, other in zip(errors[better], errors[worse], strict=True)]
        low, high = over_seeds(gains)
        note = f"paired difference {mean(gains):+.3f} [{low:+.3f}, {high:+.3f}]"
        made[at] = replace(made[at], target=f"< {worse}", met=high < 0, note=note)
    for name in ("BMAML", "ensemble"):
        covered = [one.covered for one in found[name]]
        asked = name == "BMAML"
        made.append(
            Result(
                "bmaml",
                f"{name}, 90 % interval covers",
                "",
                mean(covered),
                over_seeds(covered),
                "0.85-0.95" if asked else "",
                0.85 <= mean(covered) <= 0.95 if asked else None,
            )
        )
    return made

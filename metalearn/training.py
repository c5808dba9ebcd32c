"""Trains a shared initialisation: a pooled warm start, then meta-training over episodes.

All chance comes from (seed, phase, step), so a training that was interrupted goes on
with the very draws it would have had, and ends with the same arrays.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from metalearn.adversarial import Attack, some_attacked
from metalearn.errors import MetalearnError
from metalearn.fingerprint import fingerprint
from metalearn.inner_loop import InnerLoop
from metalearn.learners.learner import NetworkShape
from metalearn.losses import balanced_cross_entropy
from metalearn.maml import encoded, fraud_learner, rows_of_supports, state_with
from metalearn.networks import forward, initial_parameters
from metalearn.piecewise import encode, fit_edges
from metalearn.tasks.sampler import EpisodePlan, draw_episodes, usable
from metalearn.tasks.task import Task
from metalearn.tasks.task_choice import TaskChoice, Uniform
from metalearn.training_state import AdamState, TrainingState, adam_step

Progress = Callable[[str, int, int, float], None]
Notice = Callable[[str], None]
Choose = Callable[[Sequence[Task]], TaskChoice]

_EDGE_ROWS = 20_000
_POOLED, _META, _EDGES, _ADVERSARIAL = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How an initialisation is trained.

    Attributes:
        widths: Of the hidden layers.
        bins: Of each feature's piecewise-linear encoding.
        pooled_steps: Steps of the warm start on all tasks' rows together.
        pooled_frauds: Frauds in a step of the warm start.
        pooled_genuine: Genuine rows in a step.
        pooled_rate: Highest step size of the warm start.
        meta_steps: Steps over episodes.
        meta_tasks: Episodes in a step.
        meta_rate: Highest step size over episodes.
        inner_steps: Gradient steps of an adaptation.
        inner_rate: Their first size; it is learned by layer.
        first_order: FOMAML where true, MAML with the Hessian's term where false.
        fraud_share: The frauds' share of every loss.
        unadapted_share: Weight of the loss before adapting, in meta-training.
        weight_decay: Of AdamW.
        seed: Of all chance.
        checkpoint_every: Steps between checkpoints.
        adversarial_share: Share of meta-training's episodes whose query's frauds have moved
            against the adapted network (see `adversarial`); 0 is none.
        adversarial_epsilon: How far they move, in standard deviations.
        movable: Which features they move; must be given with `adversarial_share`.
    """

    widths: tuple[int, ...] = (64, 64)
    bins: int = 16
    pooled_steps: int = 1_200
    pooled_frauds: int = 256
    pooled_genuine: int = 1_792
    pooled_rate: float = 3e-3
    meta_steps: int = 600
    meta_tasks: int = 8
    meta_rate: float = 5e-4
    inner_steps: int = 5
    inner_rate: float = 0.3
    first_order: bool = True
    fraud_share: float = 0.02
    unadapted_share: float = 0.25
    weight_decay: float = 0.1
    seed: int = 0
    checkpoint_every: int = 200
    episodes: EpisodePlan = field(default_factory=EpisodePlan)
    adversarial_share: float = 0.0
    adversarial_epsilon: float = 0.25
    movable: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Trained:
    """The outcome of a training.

    Attributes:
        layers: `layer{i}.weight` and `layer{i}.bias`, float32.
        rates: Learned inner step size of each of them, in their order, float32.
        edges: Of the encoding's bins, float32 [features, bins + 1].
        figures: Last losses and counts.
    """

    layers: Mapping[str, npt.NDArray[np.float32]]
    rates: npt.NDArray[np.float32]
    edges: npt.NDArray[np.float32]
    figures: dict[str, float]


def train(
    tasks: Sequence[Task],
    plan: TrainingPlan,
    *,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
    about: str = "",
    notice: Notice | None = None,
    choose: Choose | None = None,
) -> Trained:
    """Train an initialisation.

    Args:
        tasks: With standardised rows.
        plan: How.
        progress: Told (phase, step, steps, loss).
        checkpoint: File from which an interrupted training goes on, and where it is kept. The
            state of a training with other tasks, another plan or `about` is not gone on with.
        about: What else makes this training what it is.
        notice: Told, in words, that such a state was found.
        choose: Gives, of the tasks that episodes can be drawn from, which one each is drawn
            from; None is every one alike. Name it in `about`.

    Raises:
        MetalearnError: No task has both frauds and genuine rows, or frauds are to move and
            `movable` does not fit the features.
        CheckpointError: The file is no training state.
    """
    if plan.adversarial_share and len(plan.movable) != tasks[0].features.shape[1]:
        raise MetalearnError(
            f"movable tells of {len(plan.movable)} features and tasks have {tasks[0].features.shape[1]}"
        )
    pool = _Pool(tasks)
    edges = pool.edges(plan.bins, np.random.default_rng([plan.seed, _EDGES]))
    training = fingerprint(tasks, asdict(plan), about)
    state = _kept(checkpoint, training, notice) if checkpoint is not None else None
    if state is None:
        state = _begun(tasks[0].features.shape[1] * plan.bins, plan, training)
    tell = progress or (lambda *_: None)
    figures: dict[str, float] = {}
    figures["pooled_loss"] = _pooled_phase(state, pool, edges, plan, tell, checkpoint)
    chosen = usable(tasks, plan.episodes)
    figures["tasks"] = float(len(chosen))
    if chosen and plan.meta_steps:
        choice = choose(chosen) if choose is not None else Uniform(len(chosen))
        figures["meta_loss"] = _meta_phase(state, chosen, choice, edges, plan, tell, checkpoint)
    layers = {name: value.detach().numpy().copy() for name, value in state.parameters.items()}
    rates = np.array([float(state.log_rates[name].exp()) for name in layers], np.float32)
    return Trained(layers, rates, edges, figures)


def _kept(file: Path, training: str, notice: Notice | None) -> TrainingState | None:
    state = TrainingState.load(file)
    if state is None or state.training == training:
        return state
    if notice is not None:
        notice(f"{file} is of another training: other events, labels, features or options; this one starts anew")
    return None


def _begun(width: int, plan: TrainingPlan, training: str) -> TrainingState:
    parameters = initial_parameters(width, plan.widths, torch.Generator().manual_seed(plan.seed))
    return TrainingState(0, 0, parameters, _log_rates(parameters, plan.inner_rate), AdamState.empty(), training)


def _log_rates(parameters: Mapping[str, Tensor], rate: float) -> dict[str, Tensor]:
    return {name: torch.tensor(float(np.log(rate))) for name in parameters}


class _Pool:
    """Frauds and genuine rows of all tasks, drawn so that every task counts alike."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = tasks
        self._frauds = [np.flatnonzero(task.labels == 1) for task in tasks]
        self._genuine = [np.flatnonzero(task.labels == 0) for task in tasks]
        self._with_frauds = [at for at, rows in enumerate(self._frauds) if len(rows)]
        self._with_genuine = [at for at, rows in enumerate(self._genuine) if len(rows)]
        if not self._with_frauds or not self._with_genuine:
            raise MetalearnError("nothing to learn from: no task has labelled frauds and genuine rows")

    def draw(
        self, frauds: int, genuine: int, generator: np.random.Generator
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        chosen = self._rows(self._frauds, self._with_frauds, frauds, generator)
        others = self._rows(self._genuine, self._with_genuine, genuine, generator)
        labels = np.concatenate([np.ones(len(chosen), np.float32), np.zeros(len(others), np.float32)])
        return np.concatenate([chosen, others]), labels

    def edges(self, bins: int, generator: np.random.Generator) -> npt.NDArray[np.float32]:
        rows, labels = self.draw(_EDGE_ROWS, _EDGE_ROWS, generator)
        return fit_edges(rows, labels.astype(np.int8), bins, generator)

    def _rows(
        self, rows: list[npt.NDArray[np.int64]], usable_tasks: list[int], count: int, generator: np.random.Generator
    ) -> npt.NDArray[np.float32]:
        parts = []
        drawn = np.bincount(generator.integers(len(usable_tasks), size=count), minlength=len(usable_tasks))
        for at, many in zip(usable_tasks, drawn.tolist(), strict=True):
            if many:
                parts.append(self._tasks[at].features[generator.choice(rows[at], many)])
        return np.concatenate(parts)


def _one_cycle(step: int, steps: int, highest: float) -> float:
    """Return the step size: a short rise, then half a cosine down (Smith, 2018)."""
    rise = max(steps // 20, 1)
    if step < rise:
        return highest * (step + 1) / rise
    return highest * 0.5 * (1 + float(np.cos(np.pi * (step - rise) / max(steps - rise, 1))))


def _pooled_phase(
    state: TrainingState,
    pool: _Pool,
    edges: npt.NDArray[np.float32],
    plan: TrainingPlan,
    tell: Progress,
    file: Path | None,
) -> float:
    last = float("nan")
    while state.pooled_step < plan.pooled_steps:
        step = state.pooled_step
        drawn, drawn_labels = pool.draw(
            plan.pooled_frauds, plan.pooled_genuine, np.random.default_rng([plan.seed, _POOLED, step])
        )
        rows, labels = torch.from_numpy(encode(drawn, edges)), torch.from_numpy(drawn_labels)
        live = {name: value.requires_grad_() for name, value in state.parameters.items()}
        loss = balanced_cross_entropy(forward(live, rows), labels, torch.ones_like(labels), plan.fraud_share)
        found = torch.autograd.grad(loss, list(live.values()))
        rate = _one_cycle(step, plan.pooled_steps, plan.pooled_rate)
        state.parameters = adam_step(live, found, state.adam, rate, plan.weight_decay)
        state.pooled_step += 1
        last = float(loss.detach())
        _report(state, "pooled", state.pooled_step, plan.pooled_steps, last, plan, tell, file)
    if state.meta_step == 0:
        state.adam = AdamState.empty()
    return last


def _meta_phase(
    state: TrainingState,
    tasks: Sequence[Task],
    choice: TaskChoice,
    edges: npt.NDArray[np.float32],
    plan: TrainingPlan,
    tell: Progress,
    file: Path | None,
) -> float:
    shape = NetworkShape(state.parameters["layer0.weight"].shape[1], plan.widths)
    learner = fraud_learner(
        shape,
        plan.inner_steps,
        plan.fraud_share,
        first_order=plan.first_order,
        unadapted_share=plan.unadapted_share,
    )
    last = float("nan")
    while state.meta_step < plan.meta_steps:
        step = state.meta_step
        generator = np.random.default_rng([plan.seed, _META, step])
        drawn = draw_episodes(tasks, plan.meta_tasks, plan.episodes, generator, choice)
        if plan.adversarial_share:
            # Chance of its own: whether frauds move changes no draw of an episode.
            chance = np.random.default_rng([plan.seed, _ADVERSARIAL, step])
            attack = Attack(np.array(plan.movable), plan.adversarial_epsilon, edges, plan.adversarial_share)
            current = {name: value.exp() for name, value in state.log_rates.items()}
            loop = InnerLoop(plan.inner_steps, first_order=True)
            drawn = some_attacked(drawn, chance, state.parameters, current, loop, attack, plan.fraud_share)
        support, query = (
            rows_of_supports([encoded(one, edges) for one in side])
            for side in ([one.support for one in drawn], [one.query for one in drawn])
        )
        live = {name: value.requires_grad_() for name, value in state.parameters.items()}
        log_rates = {name: value.requires_grad_() for name, value in state.log_rates.items()}
        rates = {name: value.exp() for name, value in log_rates.items()}
        loss = learner.meta_loss(state_with(live, rates), support, query)
        joined = {**live, **{f"rate.{name}": value for name, value in log_rates.items()}}
        found = torch.autograd.grad(loss, list(joined.values()))
        moved = adam_step(joined, found, state.adam, _one_cycle(step, plan.meta_steps, plan.meta_rate), 0.0)
        state.parameters = {name: moved[name] for name in live}
        state.log_rates = {name: moved[f"rate.{name}"] for name in log_rates}
        state.meta_step += 1
        last = float(loss.detach())
        _report(state, "meta", state.meta_step, plan.meta_steps, last, plan, tell, file)
    return last


def _report(
    state: TrainingState,
    phase: str,
    step: int,
    steps: int,
    loss: float,
    plan: TrainingPlan,
    tell: Progress,
    file: Path | None,
) -> None:
    tell(phase, step, steps, loss)
    if file is not None and (step % plan.checkpoint_every == 0 or step == steps):
        state.save(file)

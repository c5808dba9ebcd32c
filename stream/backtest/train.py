"""Meta-trains a shared initialisation from the lines' history."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from metalearn.checkpoint import Initialisation, InitialisationManifest
from metalearn.errors import MetalearnError
from metalearn.few_shot.training import FewShotPlan, train_shared_model
from metalearn.maml import RATES
from metalearn.piecewise import EDGES
from metalearn.tasks.crossing import FEW_LINES, crossed_or_windowed
from metalearn.tasks.task import Task
from metalearn.training import Notice, Progress, Trained, TrainingPlan, train
from stream.backtest.learnable import WARM_UP_S, nothing_to_learn
from stream.backtest.line_groups import own_groups
from stream.errors import UsageError
from stream.events.history import UNKNOWN_LABEL, History
from stream.features.specification import FeatureSpecification, specification_of
from stream.scoring.anomaly import fit_anomaly
from stream.scoring.calibration import fit_calibration
from stream.scoring.few_shot import PREFIX, chosen
from stream.scoring.initialisation import line_arrays
from stream.scoring.network_forward import forward, network_of
from stream.scoring.score_histogram import histogram_of
from stream.scoring.standardisation import Standardisation, fit_standardisation, keep_shared, pool

DAY_S = 86_400.0
_WINDOW_S = 28 * DAY_S
_REFERENCE_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What is learnt from: a task for each line, the lines' scales, and their features."""

    tasks: list[Task]
    scales: dict[str, Standardisation]
    specification: FeatureSpecification


def training_data(
    history: History, features: npt.NDArray[np.float32], fresh: npt.NDArray[np.bool_], until_s: float
) -> TrainingData:
    """Return each line's rows whose labels were known before a time, standardised by the line's own.

    Args:
        history: Events in event-time order.
        features: Their feature vectors, float32 [n, features].
        fresh: Which events are no repeats.
        until_s: Labels known from then on are not used.

    Raises:
        UsageError: No line has a labelled fraud by then.
    """
    specification = specification_of(history.lines.values())
    used = _used_rows(history, fresh, until_s)
    own = {line: fit_standardisation(features[rows]) for line, rows in used.items()}
    shared = pool(list(own.values())) if own else None
    made = specification.from_labels
    scales = {line: keep_shared(scale, shared, made) for line, scale in own.items()} if shared else {}
    tasks = [_task(history, features, line, used[line], scale) for line, scale in scales.items()]
    if not any(task.frauds for task in tasks):
        raise UsageError(nothing_to_learn(history, until_s))
    return TrainingData(tasks, scales, specification)


def _used_rows(history: History, fresh: npt.NDArray[np.bool_], until_s: float) -> dict[str, npt.NDArray[np.int64]]:
    lines = np.asarray(history.batch.line)
    times_s = history.batch.occurred_at_s
    usable = fresh & (history.label_known_at_s < until_s)
    used: dict[str, npt.NDArray[np.int64]] = {}
    for line in history.lines:
        rows = np.flatnonzero(usable & (lines == line))
        warm = rows[times_s[rows] >= times_s[rows[0]] + WARM_UP_S] if len(rows) else rows
        if len(warm):
            used[line] = warm
    return used


def _task(
    history: History,
    features: npt.NDArray[np.float32],
    line: str,
    rows: npt.NDArray[np.int64],
    scale: Standardisation,
) -> Task:
    labels = np.where(history.label[rows] == UNKNOWN_LABEL, 0, history.label[rows]).astype(np.int8)
    times_s, known_at_s = history.batch.occurred_at_s[rows], history.label_known_at_s[rows]
    return Task(line, scale.apply(features[rows]), labels, times_s, known_at_s)


def train_initialisation(
    data: TrainingData,
    plan: TrainingPlan,
    until: str,
    progress: Progress,
    checkpoint: Path | None,
    notice: Notice | None = None,
    *,
    few_shot: FewShotPlan | None = None,
    crossed: bool = False,
) -> Initialisation:
    """Return an initialisation that can score and be adapted.

    Args:
        data: From `training_data`.
        plan: How to train.
        until: Until when labels were known, for the manifest; ISO 8601.
        progress: Told (phase, step, steps, loss).
        checkpoint: From which an interrupted training goes on.
        notice: Told where that is of another training.
        few_shot: How the few-shot model is trained beside the network, None for not at all.
        crossed: Whether few lines are crossed by groups of their rows too; they are cut into
            windows in any case.

    Raises:
        UsageError: The data cannot be learnt from, or the checkpoint is none.
    """
    specification = data.specification
    about = json.dumps([specification.hash, until])
    plan = replace(plan, movable=specification.movable) if plan.adversarial_share and not plan.movable else plan
    tasks = crossed_or_windowed(data.tasks, own_groups if crossed else None, _WINDOW_S)
    try:
        trained = train(tasks, plan, progress=progress, checkpoint=checkpoint, about=about, notice=notice)
    except MetalearnError as error:
        raise UsageError(str(error)) from error
    manifest = InitialisationManifest(
        id=uuid4().hex[:16],
        created_at=datetime.now(UTC).isoformat(),
        feature_hash=specification.hash,
        feature_names=specification.names,
        widths=plan.widths,
        inner_steps=plan.inner_steps,
        fraud_share=plan.fraud_share,
        lines=tuple(data.scales),
        until=until,
        seed=plan.seed,
        figures={name: value for name, value in trained.figures.items() if np.isfinite(value)},
    )
    arrays = _arrays(data, trained, plan)
    if few_shot is not None and _are_many(data.tasks, notice):
        arrays |= _few_shot_arrays(tasks, specification, few_shot, progress, checkpoint, notice)
    return Initialisation(manifest, arrays)


def _are_many(tasks: Sequence[Task], notice: Notice | None) -> bool:
    enough = sum(task.frauds > 0 for task in tasks) >= FEW_LINES
    if not enough and notice is not None:
        notice(f"fewer than {FEW_LINES} lines have frauds: lines that are new will be taught to the network alone")
    return enough


def _few_shot_arrays(
    tasks: Sequence[Task],
    specification: FeatureSpecification,
    plan: FewShotPlan,
    progress: Progress,
    checkpoint: Path | None,
    notice: Notice | None,
) -> dict[str, npt.NDArray[Any]]:
    # What is not known counts as the line's mean, as it does where rows are scored.
    known = [replace(task, features=np.nan_to_num(chosen(task.features, specification), nan=0.0)) for task in tasks]
    file = checkpoint.with_suffix(checkpoint.suffix + ".trees") if checkpoint is not None else None
    try:
        shared = train_shared_model(known, plan, progress=progress, checkpoint=file)
    except MetalearnError as error:
        if notice is not None:
            notice(f"{error}; lines that are new will be taught to the network alone")
        return {}
    if file is not None:
        file.unlink(missing_ok=True)
    return shared.arrays(PREFIX)


def _arrays(data: TrainingData, trained: Trained, plan: TrainingPlan) -> dict[str, npt.NDArray[Any]]:
    generator = np.random.default_rng(plan.seed)
    each = max(_REFERENCE_ROWS // len(data.tasks), 1)
    chosen = [generator.choice(len(task.labels), min(each, len(task.labels)), replace=False) for task in data.tasks]
    rows = np.concatenate([task.features[some] for task, some in zip(data.tasks, chosen, strict=True)])
    labels = np.concatenate([task.labels[some] for task, some in zip(data.tasks, chosen, strict=True)])
    arrays: dict[str, npt.NDArray[Any]] = {**trained.layers, EDGES: trained.edges, RATES: trained.rates}
    logits = forward(network_of(arrays), rows)
    prevalence = float(np.mean([max(task.frauds, 1) / len(task.labels) for task in data.tasks]))
    calibration = fit_calibration(logits[labels == 1], logits[labels == 0], prevalence, plan.fraud_share)
    anomaly = fit_anomaly(rows[labels == 0])
    pooled = pool(list(data.scales.values()))
    arrays |= {
        "standardise.mean": pooled.mean,
        "standardise.scale": pooled.scale,
        "calibration.slope": np.array([calibration.slope]),
        "calibration.intercept": np.array([calibration.intercept]),
        "anomaly.mean": anomaly.mean,
        "anomaly.precision": anomaly.precision,
        "anomaly.quantiles": anomaly.quantiles,
        "score.histogram": histogram_of(calibration.apply(logits)),
    }
    for line, scale in data.scales.items():
        arrays |= line_arrays(line, scale)
    return arrays

"""All training lines' rows in one pool, every line alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metalearn.errors import MetalearnError
from metalearn.evaluation.method import FitCache
from metalearn.support import LineSupport
from metalearn.tasks.task import Task

FRAUD_SHARE = 0.1
"""The frauds' share of the weight of a pool, as of a support with ten genuine rows for each."""

_MOST_ROWS = 30_000
_CLIP = 5.0


@dataclass(frozen=True, slots=True)
class Pool:
    """Rows of many lines.

    Attributes:
        rows: float32 [n, features].
        labels: 1 fraud, 0 genuine, int8 [n].
        weights: Sum to n; a tenth is the frauds', and every line has the same; float64 [n].
    """

    rows: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int8]
    weights: npt.NDArray[np.float64]


def pool_of(tasks: Sequence[Task], seed: int, cache: FitCache) -> Pool:
    """Return at most 30,000 rows of training lines: their frauds, and genuine rows drawn from each alike."""
    found: Pool = cache.get("pool", lambda: _pooled(tasks, _MOST_ROWS, seed))
    return found


def _pooled(tasks: Sequence[Task], most: int, seed: int) -> Pool:
    generator = np.random.default_rng([seed, 10])
    frauds = _drawn(tasks, 1, most // 2, generator)
    left = most - sum(len(rows) for rows in frauds)
    genuine = _drawn(tasks, 0, left, generator)
    if not any(map(len, frauds)) or not any(map(len, genuine)):
        raise MetalearnError("the training lines have no frauds or no genuine rows")
    parts = [(task, rows, label) for chosen, label in ((frauds, 1), (genuine, 0))
             for task, rows in zip(tasks, chosen, strict=True) if len(rows)]  # fmt: skip
    labels = np.concatenate([np.full(len(rows), label, np.int8) for _, rows, label in parts])
    with_label = {label: sum(one == label for *_, one in parts) for label in (0, 1)}
    share = {1: FRAUD_SHARE, 0: 1 - FRAUD_SHARE}
    weights = [np.full(len(rows), share[label] * len(labels) / with_label[label] / len(rows))
               for _, rows, label in parts]  # fmt: skip
    return Pool(
        np.concatenate([task.features[rows] for task, rows, _ in parts]), labels, np.concatenate(weights)
    )  # fmt: skip


def _drawn(tasks: Sequence[Task], label: int, most: int, generator: np.random.Generator) -> list[npt.NDArray[np.int64]]:
    each = [np.flatnonzero(task.labels == label) for task in tasks]
    # Lines with few give all; what they leave is for the others.
    room, share = most, 0
    for left, size in enumerate(sorted(map(len, each))):
        share = room // (len(each) - left)
        room -= min(size, share)
    return [rows if len(rows) <= share else generator.choice(rows, share, replace=False) for rows in each]


def clipped(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return rows clipped to ±5: for what is moved by single far values."""
    found: npt.NDArray[np.float32] = np.clip(rows, -_CLIP, _CLIP)
    return found


def learnt_from(
    support: LineSupport, presumed: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8], npt.NDArray[np.float64]]:
    """Return the rows that a support gives to a learner, with labels and weights.

    Args:
        support: Of a line.
        presumed: How many unlabelled rows are taken for genuine.

    Returns:
        Rows, labels, and weights that sum to the number of labelled rows and give the
        frauds their tenth.
    """
    labelled, labels = support.labelled()
    rows = np.concatenate([labelled, support.unlabelled[:: max(len(support.unlabelled) // presumed, 1)][:presumed]]) \
        if presumed else labelled  # fmt: skip
    labels = np.concatenate([labels, np.zeros(len(rows) - len(labels), np.int8)])
    frauds = max(int(labels.sum()), 1)
    others = max(len(labels) - int(labels.sum()), 1)
    weights = np.where(labels == 1, FRAUD_SHARE / frauds, (1 - FRAUD_SHARE) / others) * len(labelled)
    return rows, labels, weights

"""How alike two tasks are, told from their rows without any label.

Rows are standardised by each line's own past, so what is compared is the shape of life in a
line: how each feature is spread, how features move together, and which hardly change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from metalearn.errors import MetalearnError

Floats = npt.NDArray[np.float32]

_ROWS = 2_000
_QUANTILES = 32
# A line's rarest rows are far out; which line has the farthest says nothing of its kind.
_FARTHEST = 5.0


@dataclass(frozen=True, slots=True)
class TaskSketch:
    """What of a task is compared; small enough to travel with an initialisation.

    Attributes:
        quantiles: Of each feature at the middles of 32 equal shares, [features, 32].
        correlation: Spearman's, 0 where a feature never changes, [features, features].
        constant: Share of rows at each feature's most frequent value, [features].
    """

    quantiles: Floats
    correlation: Floats
    constant: Floats

    def arrays(self) -> dict[str, Floats]:
        """Return the sketch as plain arrays by name."""
        return {name: getattr(self, name) for name in self.__slots__}


def sketch_from(arrays: Mapping[str, npt.NDArray[Any]]) -> TaskSketch:
    """Return the sketch whose `arrays()` these are."""
    return TaskSketch(*(np.asarray(arrays[name], np.float32) for name in TaskSketch.__slots__))


def sketch_of(rows: Floats) -> TaskSketch:
    """Return the sketch of a task.

    Args:
        rows: Standardised rows in time order, [n, features]; of many, 2,000 evenly spaced
            ones are read. Leave out features that are made of labels.

    Raises:
        MetalearnError: There are no rows.
    """
    if not len(rows):
        raise MetalearnError("a task without rows is like no other: give it rows")
    read = rows[np.linspace(0, len(rows) - 1, min(len(rows), _ROWS)).astype(np.int64)]
    columns = np.ascontiguousarray(np.clip(read, -_FARTHEST, _FARTHEST).T, np.float32)
    order = np.argsort(columns, 1)
    ordered = np.take_along_axis(columns, order, 1).astype(np.float64)
    shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    ranks, constant = zip(*map(_ranks, order, ordered), strict=True)
    return TaskSketch(
        np.ascontiguousarray(np.quantile(ordered, shares, axis=1).T, np.float32),
        _correlation(np.stack(ranks)).astype(np.float32),
        np.array(constant, np.float32),
    )


def _ranks(order: npt.NDArray[np.int64], ordered: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], float]:
    """Return ranks, ties sharing their mean, and the share of the most frequent value."""
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    counts = np.diff(np.append(starts, len(ordered)))
    ranks = np.empty(len(order))
    ranks[order] = np.repeat(starts + (counts + 1) / 2, counts)
    return ranks, counts.max() / len(ordered)


def _correlation(ranks: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    centred = ranks - ranks.mean(1, keepdims=True)
    length = np.sqrt((centred**2).sum(1))
    unit = centred / np.where(length > 0, length, 1.0)[:, None]
    found: npt.NDArray[np.float64] = unit @ unit.T
    return found


def stacked(sketches: Sequence[TaskSketch]) -> TaskSketch:
    """Return sketches as one whose arrays have a leading axis of tasks."""
    return TaskSketch(*(np.stack([getattr(one, name) for one in sketches]) for name in TaskSketch.__slots__))


def distance(first: TaskSketch, second: TaskSketch) -> float:
    """Return how unlike two tasks are: 0 for the same rows, symmetric, the triangle's inequality holds.

    The mean over features of the Wasserstein distance between their distributions (the mean
    distance between quantile curves; Vallender, 1974), in standard deviations; plus the mean
    absolute difference of rank correlations over pairs of features; plus that of the shares
    at the most frequent value.

    Raises:
        MetalearnError: They have different features.
    """
    return sum(parts(first, second))


def parts(first: TaskSketch, second: TaskSketch) -> tuple[float, float, float]:
    """Return the three terms of a distance: spread, co-movement, constancy."""
    spread, together, constancy = (float(term[0]) for term in _terms(first, stacked([second])))
    return spread, together, constancy


def distances_to(sketch: TaskSketch, others: TaskSketch) -> npt.NDArray[np.float64]:
    """Return the distance of a task to each of several, [tasks].

    Args:
        sketch: Of the task.
        others: Of the several, `stacked`.

    Raises:
        MetalearnError: They have different features.
    """
    spread, together, constancy = _terms(sketch, others)
    return spread + together + constancy


def _terms(sketch: TaskSketch, others: TaskSketch) -> tuple[npt.NDArray[np.float64], ...]:
    features, count = len(sketch.constant), len(others.constant)
    if features != others.constant.shape[1]:
        raise MetalearnError(f"tasks of {features} and of {others.constant.shape[1]} features cannot be compared")
    spread = np.abs(sketch.quantiles - others.quantiles).reshape(count, -1).mean(1)
    pairs = np.flatnonzero(np.triu(np.ones((features, features)), 1))
    together = np.abs(sketch.correlation.reshape(-1)[pairs] - others.correlation.reshape(count, -1).take(pairs, 1))
    moved = together.mean(1) if len(pairs) else np.zeros(count)
    constancy = np.abs(sketch.constant - others.constant).mean(1)
    return tuple(term.astype(np.float64) for term in (spread, moved, constancy))


def distances(sketches: Sequence[TaskSketch]) -> npt.NDArray[np.float64]:
    """Return the distance between any two of several tasks, [n, n], 0 on the diagonal."""
    if not sketches:
        return np.zeros((0, 0))
    others = stacked(sketches)
    return np.stack([distances_to(sketch, others) for sketch in sketches])

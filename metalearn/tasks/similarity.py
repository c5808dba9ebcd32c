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
    chosen = np.clip(read, -_FARTHEST, _FARTHEST).astype(np.float64)
    shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    quantiles = np.quantile(chosen, shares, axis=0).T
    ranks, constant = zip(*(_ranks(column) for column in chosen.T), strict=True)
    return TaskSketch(
        np.ascontiguousarray(quantiles, np.float32),
        _correlation(np.stack(ranks)).astype(np.float32),
        np.array(constant, np.float32),
    )


def _ranks(column: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], float]:
    """Return ranks, ties sharing their mean, and the share of the most frequent value."""
    _, at, counts = np.unique(column, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    return middle[at], counts.max() / len(column)


def _correlation(ranks: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    centred = ranks - ranks.mean(1, keepdims=True)
    length = np.sqrt((centred**2).sum(1))
    unit = centred / np.where(length > 0, length, 1.0)[:, None]
    found: npt.NDArray[np.float64] = unit @ unit.T
    return found


def distance(first: TaskSketch, second: TaskSketch) -> float:
    """Return how unlike two tasks are: 0 for the same rows, symmetric, the triangle's inequality holds.

    The mean over features of the Wasserstein distance between their distributions (the mean
    distance between quantile curves; Vallender, 1974), in standard deviations; plus the mean
    absolute difference of rank correlations over pairs of features; plus that of the shares
    at the most frequent value.

    Raises:
        MetalearnError: They have different features.
    """
    if first.quantiles.shape != second.quantiles.shape:
        raise MetalearnError(
            f"tasks of {len(first.constant)} and of {len(second.constant)} features cannot be compared"
        )  # fmt: skip
    return sum(parts(first, second))


def parts(first: TaskSketch, second: TaskSketch) -> tuple[float, float, float]:
    """Return the three terms of a distance: spread, co-movement, constancy."""
    spread = np.abs(first.quantiles - second.quantiles).mean()
    off = np.triu_indices(len(first.correlation), 1)
    together = np.abs(first.correlation - second.correlation)[off]
    constancy = np.abs(first.constant - second.constant).mean()
    return float(spread), float(together.mean()) if len(together) else 0.0, float(constancy)


def distances(sketches: Sequence[TaskSketch]) -> npt.NDArray[np.float64]:
    """Return the distance between any two of several tasks, [n, n], 0 on the diagonal."""
    count = len(sketches)
    found = np.zeros((count, count))
    for one in range(count):
        for other in range(one + 1, count):
            found[one, other] = found[other, one] = distance(sketches[one], sketches[other])
    return found

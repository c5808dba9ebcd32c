"""The few-shot protocol: a line cut in time, a support drawn before the cut, a query after it.

Nothing is learnt of a line but its unlabelled past and the labels of its support.
"""

import zlib
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from metalearn.errors import NoEpisodeError
from metalearn.support import LineSupport
from metalearn.tasks.task import Task
from metalearn.tasks.time_split import split_at

CLIP = 20.0
_LEAST_SCALE = 1e-6

RowNumbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FewShotPlan:
    """How lines are judged.

    Attributes:
        counts: Labelled frauds: the K of the table.
        draws: Supports drawn for each line and K.
        genuine_per_fraud: Rows labelled genuine for each labelled fraud.
        unlabelled: Most unlabelled past rows in a support.
        query_rows: Most rows of a query, drawn uniformly: its prevalence stays the true one.
        seed: Of all chance.
    """

    counts: tuple[int, ...] = (0, 1, 2, 5, 10, 20, 50)
    draws: int = 5
    genuine_per_fraud: int = 10
    unlabelled: int = 5_000
    query_rows: int = 20_000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was read.

    Attributes:
        task: Its rows, not standardised; NaN where a value is missing.
        timed: Whether its times are real, not a made-up order.
        repeats: Rows with the same number repeat one another; int64 [n], None where nobody said what a repeat is.
        kind: What its subjects are, for persons.
    """

    task: Task
    timed: bool = True
    repeats: RowNumbers | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class CutLine:
    """A line cut where half of its frauds have happened.

    Attributes:
        task: All rows, standardised by the rows before the cut.
        cut_s: The cut, epoch seconds.
        past: How many rows happened before it.
        query: Rows that are judged.
        timed: As of the line.
        repeats: As of the line.
        genuine_weight: How many rows each of the query that is no fraud stands for.
        kind: As of the line.
    """

    task: Task
    cut_s: float
    past: int
    query: RowNumbers
    query_features: npt.NDArray[np.float32]
    query_labels: npt.NDArray[np.int8]
    timed: bool
    repeats: RowNumbers | None
    genuine_weight: float = 1.0
    kind: str = ""


@dataclass(frozen=True, slots=True)
class SupportRows:
    """Which rows of a line its support is made of."""

    frauds: RowNumbers
    genuine: RowNumbers
    unlabelled: RowNumbers


def cut_line(line: Line, plan: FewShotPlan) -> CutLine:
    """Return a line cut in time and standardised.

    Raises:
        NoEpisodeError: No fraud is known before its cut, or none comes after it.
    """
    task = line.task
    frauds = np.flatnonzero(task.labels == 1)
    if len(frauds) < 2:
        raise NoEpisodeError(f"has {len(frauds)} frauds; it takes one before the cut and one after it")
    cut_s = float(task.occurred_at_s[frauds[len(frauds) // 2]])
    known, after = split_at(task, cut_s)
    if not (task.labels[known] == 1).any():
        raise NoEpisodeError("no fraud is known before the moment by which half of them have happened")
    generator = _generator(task.name, plan.seed, 0)
    query = _chosen(after, plan.query_rows, generator)
    past = len(task.labels) - len(after)
    whole = Task(
        task.name, standardised(task.features, past), task.labels, task.occurred_at_s, task.label_known_at_s
    )  # fmt: skip
    return CutLine(
        whole,
        cut_s,
        past,
        query,
        whole.features[query],
        task.labels[query],
        line.timed,
        line.repeats,
        kind=line.kind,
    )


def with_columns(line: CutLine, columns: npt.NDArray[np.float32]) -> CutLine:
    """Return the line with further features, standardised by its own past as the others are.

    Args:
        line: Whose.
        columns: Not standardised, NaN where a value is missing; float32 [rows of the line, features].
    """
    features = np.concatenate([line.task.features, standardised(columns, line.past)], 1)
    task = replace(line.task, features=features)
    return replace(line, task=task, query_features=features[line.query])


def with_small_query(line: CutLine, most: int, seed: int) -> CutLine:
    """Return the line with a query that keeps frauds and lets each genuine row stand for several.

    Of frauds there may be few: a uniform draw of a small query would leave next to none.

    Args:
        line: Whose.
        most: Rows of the query; at most half of them frauds.
        seed: Of the draw.
    """
    generator = _generator(line.task.name, seed, 0, 1)
    after = np.arange(line.past, len(line.task.labels))
    frauds, genuine = (after[line.task.labels[after] == label] for label in (1, 0))
    some = _chosen(frauds, most // 2, generator)
    others = _chosen(genuine, most - len(some), generator)
    query = np.sort(np.concatenate([some, others]))
    share = (len(genuine) / max(len(others), 1)) / (len(frauds) / max(len(some), 1))
    return replace(
        line,
        query=query,
        query_features=line.task.features[query],
        query_labels=line.task.labels[query],
        genuine_weight=share,
    )


def standardised(features: npt.NDArray[np.float32], past: int) -> npt.NDArray[np.float32]:
    """Return rows less the mean of the first `past`, over their deviation, clipped to ±20.

    Columns that are constant there become 0, and so do missing values: the mean.
    """
    values = features[:past].astype(np.float64)
    there = ~np.isnan(values)
    count = np.maximum(there.sum(0), 1)
    mean = np.where(there, values, 0.0).sum(0) / count
    spread = np.sqrt((np.where(there, values - mean, 0.0) ** 2).sum(0) / count)
    varies = spread > _LEAST_SCALE * np.maximum(np.abs(mean), 1.0)
    scaled = np.where(varies, (features - mean) / np.where(varies, spread, 1.0), 0.0)
    rows: npt.NDArray[np.float32] = np.clip(np.nan_to_num(scaled), -CLIP, CLIP).astype(np.float32)
    return rows


def draw_support(line: CutLine, count: int, draw: int, plan: FewShotPlan, more_delay_s: float = 0.0) -> SupportRows:
    """Return the rows of one support; the same arguments give the same rows.

    Args:
        line: Whose.
        count: Frauds wanted; fewer where the line knows fewer.
        draw: Number of the draw.
        plan: How many others.
        more_delay_s: By how much later than they are labels become known.
    """
    generator = _generator(line.task.name, plan.seed, 1 + count, draw)
    frauds, genuine = known_rows(line, more_delay_s)
    frauds = _chosen(frauds, count, generator)
    genuine = _chosen(genuine, count * plan.genuine_per_fraud, generator)
    return SupportRows(frauds, genuine, other_rows(line, frauds, genuine, plan, generator))


def other_rows(
    line: CutLine, frauds: RowNumbers, genuine: RowNumbers, plan: FewShotPlan, generator: np.random.Generator
) -> RowNumbers:
    """Return past rows that no label is told of."""
    others = np.ones(line.past, np.bool_)
    others[frauds] = others[genuine] = False
    return _chosen(np.flatnonzero(others), plan.unlabelled, generator)


def known_rows(line: CutLine, more_delay_s: float = 0.0) -> tuple[RowNumbers, RowNumbers]:
    """Return the past rows known to be fraud by the cut, and those known to be genuine."""
    known = line.task.label_known_at_s[: line.past] + more_delay_s < line.cut_s
    labels = line.task.labels[: line.past]
    return np.flatnonzero(known & (labels == 1)), np.flatnonzero(known & (labels == 0))


def support_of(line: CutLine, rows: SupportRows) -> LineSupport:
    """Return the support that rows of a line make."""
    features = line.task.features
    return LineSupport(features[rows.frauds], features[rows.genuine], features[rows.unlabelled])


def damage_generator(line: CutLine, count: int, draw: int, plan: FewShotPlan) -> np.random.Generator:
    """Return chance for what a control does to a support."""
    return _generator(line.task.name, plan.seed, 1 + count, draw, 1)


def _chosen(rows: RowNumbers, count: int, generator: np.random.Generator) -> RowNumbers:
    if len(rows) <= count:
        return rows
    return np.sort(generator.choice(rows, count, replace=False))


def _generator(name: str, *numbers: int) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(name.encode()), *numbers])

"""Every method on every test line: tuned for each K on validation lines, trained on all that are not tested."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from metalearn.errors import MetalearnError
from metalearn.evaluation.few_shot import CutLine, FewShotPlan, draw_support, support_of, with_small_query
from metalearn.evaluation.fits import Fits
from metalearn.evaluation.method import Kind, Method, Score, Setting, Trained
from metalearn.evaluation.ranking import auc, average_precision, recall_at_alert_share

_ALERT_SHARE = 0.01

Tell = Callable[[str], None]
"""Told what was done, once for each method's tuning and once for its test."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines that are tested, and what is known when they are."""

    train: Sequence[CutLine]
    validation: Sequence[CutLine]
    test: Sequence[CutLine]


@dataclass(frozen=True, slots=True)
class Tuning:
    """How settings are chosen on validation lines.

    Attributes:
        draws: Supports drawn for each validation line and K.
        query_rows: Most rows of its query, which keeps frauds as it shrinks.
    """

    draws: int = 2
    query_rows: int = 6_000


@dataclass(frozen=True, slots=True)
class Row:
    """One method on one support of one line.

    Attributes:
        support_frauds: Labelled frauds in the support: fewer than `k` where the line knows fewer.
        adapt_ms: Milliseconds from the support to being able to score.
    """

    method: str
    kind: Kind
    line: str
    k: int
    draw: int
    support_frauds: int
    average_precision: float
    auc: float
    recall_at_1pct_alerts: float
    brier: float
    adapt_ms: float

    def as_dict(self) -> dict[str, Any]:
        """Return the row by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one fold.

    Attributes:
        fold: Its lines.
        rows: Of all methods.
        chosen: The setting of each method, by method and K.
        finalists: What was judged, by method and K.
        training_s: Seconds to train each method for its test, as though alone.
        failed: Why a method could not be trained.
    """

    fold: Fold
    rows: list[Row]
    chosen: dict[tuple[str, int], Setting]
    finalists: dict[tuple[str, int], Trained]
    training_s: dict[str, float]
    failed: dict[str, str]


def run_fold(
    fold: Fold, methods: Sequence[Method], plan: FewShotPlan, tuning: Tuning, tell: Tell = lambda _: None
) -> Outcome:
    """Judge methods on a fold's test lines.

    Args:
        fold: Its lines; without validation lines, half of those for training take their part.
        methods: What to judge.
        plan: The protocol.
        tuning: How settings are chosen.
        tell: Told of progress.

    Raises:
        MetalearnError: There is no line to learn from.
    """
    fold = _with_validation(fold)
    outcome = Outcome(fold, [], {}, {}, {}, {})
    tuned, final = Fits(), Fits()
    for method in methods:
        try:
            chosen = _tuned(method, fold, plan, tuning, tuned)
            tell(method.name)
            trained = _trained(method, [*fold.train, *fold.validation], chosen, plan, final, outcome)
        except MetalearnError as error:
            outcome.failed[method.name] = str(error)
            continue
        for line in fold.test:
            outcome.rows.extend(_judged(method, trained, line, plan))
        outcome.chosen.update({(method.name, count): setting for count, setting in chosen.items()})
        outcome.finalists.update({(method.name, count): one for count, one in trained.items()})
        tell(method.name)
    return outcome


def _with_validation(fold: Fold) -> Fold:
    if not fold.train and not fold.validation:
        raise MetalearnError("there is no line to learn from; give train or validation lines")
    if fold.train and fold.validation:
        return fold
    lines = [*fold.train, *fold.validation]
    return Fold(lines[::2], lines[1::2] or lines, fold.test)


def _tuned(method: Method, fold: Fold, plan: FewShotPlan, tuning: Tuning, fits: Fits) -> dict[int, Setting]:
    settings = list(method.settings)
    if len(settings) == 1:
        return dict.fromkeys(plan.counts, settings[0])
    lines = [with_small_query(line, tuning.query_rows, plan.seed) for line in fold.validation]
    tasks = [line.task for line in fold.train]
    few = replace(plan, draws=tuning.draws)
    reached = []
    for setting in settings:
        trained = method.train(tasks, setting, plan.seed, fits)
        by_count = dict.fromkeys(plan.counts, trained)
        rows = [row for line in lines for row in _judged(method, by_count, line, few)]
        reached.append({count: _mean([row.average_precision for row in rows if row.k == count])
                        for count in plan.counts})  # fmt: skip
    best = {count: int(np.argmax([one[count] for one in reached])) for count in plan.counts}
    return {count: settings[at] for count, at in best.items()}


def _mean(values: Sequence[float]) -> float:
    there = [value for value in values if not math.isnan(value)]
    return float(np.mean(there)) if there else -math.inf


def _trained(
    method: Method,
    lines: Sequence[CutLine],
    chosen: Mapping[int, Setting],
    plan: FewShotPlan,
    fits: Fits,
    outcome: Outcome,
) -> dict[int, Trained]:
    unique = {line.task.name: line.task for line in lines}
    made: list[tuple[Setting, Trained]] = []
    trained: dict[int, Trained] = {}
    for count, setting in chosen.items():
        known = next((one for other, one in made if other == setting), None)
        if known is None:
            known, seconds = fits.timed(lambda: method.train(list(unique.values()), setting, plan.seed, fits))  # noqa: B023 - called at once
            made.append((setting, known))
            outcome.training_s[method.name] = max(outcome.training_s.get(method.name, 0.0), seconds)
        trained[count] = known
    return trained


def _judged(method: Method, trained: Mapping[int, Trained], line: CutLine, plan: FewShotPlan) -> list[Row]:
    rows: list[Row] = []
    # What does not adapt scores a line once.
    known: dict[Score, tuple[float, float, float, float]] = {}
    for count in plan.counts:
        for draw in range(plan.draws):
            drawn = draw_support(line, count, draw, plan)
            support = support_of(line, drawn)
            start = perf_counter()
            score = trained[count].adapt(support)
            adapt_ms = 1_000 * (perf_counter() - start)
            if score not in known:
                known[score] = figures(score(line.query_features), line.query_labels, line.genuine_weight)
            rows.append(
                Row(method.name, method.kind, line.task.name, count, draw, len(drawn.frauds), *known[score], adapt_ms)
            )
    return rows


def figures(
    scores: npt.NDArray[np.float64], labels: npt.NDArray[np.int8], genuine_weight: float = 1.0
) -> tuple[float, float, float, float]:
    """Return average precision, AUC, recall at 1 % alerts and Brier's score."""
    return (
        average_precision(scores, labels, genuine_weight),
        auc(scores, labels),
        recall_at_alert_share(scores, labels, _ALERT_SHARE),
        float(np.mean((scores - labels) ** 2)) if len(labels) else math.nan,
    )

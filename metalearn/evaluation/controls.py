"""Controls: the same trained methods on supports that are damaged on purpose, and on queries without repeats."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from metalearn.evaluation.contest import Outcome
from metalearn.evaluation.few_shot import (
    CutLine,
    FewShotPlan,
    RowNumbers,
    SupportRows,
    damage_generator,
    draw_support,
    known_rows,
    other_rows,
    support_of,
)
from metalearn.evaluation.intervals import interval
from metalearn.evaluation.method import Trained
from metalearn.evaluation.ranking import average_precision
from metalearn.evaluation.roster import POOLED_TREES
from metalearn.evaluation.summary import line_means, paired
from metalearn.support import LineSupport

COUNTS = (5, 20)

WITHOUT_REPEATS = "without_repeats"
_DELAY_S = 7 * 86_400.0
_REVIEWED_SHARE = 0.05
_WRONG = 0.2


@dataclass(frozen=True, slots=True)
class _Case:
    """One undamaged support, and what a control may need to know to damage it."""

    line: CutLine
    other: CutLine | None
    rows: SupportRows
    count: int
    draw: int
    plan: FewShotPlan
    reviewed: RowNumbers | None

    def generator(self) -> np.random.Generator:
        return damage_generator(self.line, self.count, self.draw, self.plan)


def _permuted(case: _Case) -> LineSupport | None:
    """Give the labels of the labelled rows to other ones of them."""
    labelled = case.generator().permutation(np.concatenate([case.rows.frauds, case.rows.genuine]))
    frauds = len(case.rows.frauds)
    return support_of(case.line, replace(case.rows, frauds=labelled[:frauds], genuine=labelled[frauds:]))


def _another_line(case: _Case) -> LineSupport | None:
    """Take the labelled rows of another line; the unlabelled ones stay the line's own."""
    if case.other is None:
        return None
    theirs = support_of(case.other, draw_support(case.other, case.count, case.draw, case.plan))
    return LineSupport(theirs.frauds, theirs.genuine, support_of(case.line, case.rows).unlabelled)


def _first_in_time(case: _Case) -> LineSupport | None:
    """Take the first frauds that were known, not a draw."""
    frauds = known_rows(case.line)[0][: case.count]
    return _with(case, frauds, case.rows.genuine)


def _delayed(case: _Case) -> LineSupport | None:
    """Let every label become known 7 days later."""
    if not case.line.timed:
        return None
    return support_of(case.line, draw_support(case.line, case.count, case.draw, case.plan, _DELAY_S))


def _reviewed_only(case: _Case) -> LineSupport | None:
    """Know genuine rows only among the 5 % that pooled trees score highest."""
    if case.reviewed is None:
        return None
    known = np.intersect1d(known_rows(case.line)[1], case.reviewed)
    wanted = min(case.count * case.plan.genuine_per_fraud, len(known))
    return _with(case, case.rows.frauds, np.sort(case.generator().choice(known, wanted, replace=False)))


def _wrong_labels(case: _Case) -> LineSupport | None:
    """Swap each fraud with a labelled genuine row with a chance of 20 %."""
    generator = case.generator()
    frauds, genuine = case.rows.frauds.copy(), case.rows.genuine.copy()
    swapped = np.flatnonzero(generator.random(len(frauds)) < _WRONG)[: len(genuine)]
    with_rows = generator.choice(len(genuine), len(swapped), replace=False)
    frauds[swapped], genuine[with_rows] = genuine[with_rows], frauds[swapped]
    return support_of(case.line, replace(case.rows, frauds=frauds, genuine=genuine))


def _with(case: _Case, frauds: RowNumbers, genuine: RowNumbers) -> LineSupport:
    others = other_rows(case.line, frauds, genuine, case.plan, case.generator())
    return support_of(case.line, SupportRows(frauds, genuine, others))


DAMAGES: Mapping[str, Callable[[_Case], LineSupport | None]] = {
    "permuted_labels": _permuted,
    "another_line": _another_line,
    "first_in_time": _first_in_time,
    "delay_7d": _delayed,
    "reviewed_only": _reviewed_only,
    "wrong_labels_20pct": _wrong_labels,
}

_Found = dict[tuple[str, int, str], dict[str, list[float]]]


def run_controls(
    outcomes: Sequence[Outcome],
    contenders: Mapping[int, Sequence[str]],
    plan: FewShotPlan,
    tell: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Return what each control changes.

    Args:
        outcomes: Of all folds.
        contenders: Methods that undergo the controls, by K; the first against the others.
        plan: The protocol, with the draws that the controls take.
        tell: Told of every test line.

    Returns:
        By control and K: `methods` with each one's average precision and its `difference` to
        the undamaged support, and `paired`: the first contender less the best of the others.
    """
    found: _Found = defaultdict(lambda: defaultdict(list))
    for outcome in outcomes:
        lines = [*outcome.fold.test, *outcome.fold.validation]
        for at, line in enumerate(outcome.fold.test):
            other = next((one for one in lines[at + 1 :] + lines[:at] if one is not line), None)
            for count, names in contenders.items():
                reviewed = _highest(line, outcome.finalists.get((POOLED_TREES, count)))
                methods = {name: outcome.finalists[name, count] for name in names if (name, count) in outcome.finalists}
                for draw in range(plan.draws):
                    rows = draw_support(line, count, draw, plan)
                    _try(_Case(line, other, rows, count, draw, plan, reviewed), methods, found)
            tell()
    undamaged = [row for outcome in outcomes for row in outcome.rows if row.draw < plan.draws]
    return _told(found, line_means(undamaged), contenders)


def _highest(line: CutLine, trees: Trained | None) -> RowNumbers | None:
    if trees is None:
        return None
    past = line.task.features[: line.past]
    scores = trees.adapt(LineSupport(past[:0], past[:0], past[:0]))(past)
    return np.argsort(-scores, kind="stable")[: max(int(_REVIEWED_SHARE * len(past)), 1)].astype(np.int64)


def _try(case: _Case, methods: Mapping[str, Trained], found: _Found) -> None:
    supports = {name: damage(case) for name, damage in DAMAGES.items()}
    kept = _without_repeats(case)
    for method, trained in methods.items():
        for name, support in supports.items():
            if support is not None:
                scores = trained.adapt(support)(case.line.query_features)
                found[name, case.count, method][case.line.task.name].append(
                    average_precision(scores, case.line.query_labels)
                )
        if kept is not None:
            scores = trained.adapt(support_of(case.line, case.rows))(case.line.query_features)
            found[WITHOUT_REPEATS, case.count, method][case.line.task.name].append(
                average_precision(scores[kept], case.line.query_labels[kept])
            )


def _without_repeats(case: _Case) -> npt.NDArray[np.bool_] | None:
    repeats = case.line.repeats
    if repeats is None:
        return None
    return ~np.isin(repeats[case.line.query], repeats[case.rows.frauds])


def _told(
    found: _Found, whole: Mapping[tuple[str, int], Mapping[str, float]], contenders: Mapping[int, Sequence[str]]
) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in (*DAMAGES, WITHOUT_REPEATS):
        for count, methods in contenders.items():
            means = {method: {line: interval(values).mean for line, values in found[name, count, method].items()}
                     for method in methods if (name, count, method) in found}  # fmt: skip
            if means:
                told.setdefault(name, {})[count] = _one(means, whole, count, methods)
    return told


def _one(
    means: Mapping[str, Mapping[str, float]],
    whole: Mapping[tuple[str, int], Mapping[str, float]],
    count: int,
    methods: Sequence[str],
) -> dict[str, Any]:
    first = methods[0]
    others = [method for method in methods[1:] if method in means]
    best = max(others, key=lambda method: interval(list(means[method].values())).mean, default=None)
    return {
        "methods": {
            method: {
                "average_precision": interval(list(by_line.values())).as_dict(),
                "difference": paired(by_line, whole[method, count]),
            }
            for method, by_line in means.items()
        },
        "paired": None
        if best is None or first not in means
        else {"first": first, "other": best, **paired(means[first], means[best])},
    }

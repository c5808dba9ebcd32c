"""What the rows of the table come to: means over lines, winners, paired differences."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from math import isnan
from typing import Any

from metalearn.evaluation.contest import Outcome, Row
from metalearn.evaluation.intervals import interval
from metalearn.evaluation.roster import LINE_TREES, POOLED_TREES

ByLine = Mapping[str, float]
Table = Mapping[int, Mapping[str, Mapping[str, float]]]

FIGURES = ("auc", "recall_at_1pct_alerts", "brier", "adapt_ms")
"""What rows hold besides average precision."""


def line_means(rows: Sequence[Row], figure: str = "average_precision") -> dict[tuple[str, int], dict[str, float]]:
    """Return each line's mean of a figure over its draws, by method and K; NaN where no draw has it."""
    values: dict[tuple[str, int], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        values[row.method, row.k][row.line].append(getattr(row, figure))
    return {
        key: {line: interval(found).mean for line, found in by_line.items()} for key, by_line in values.items()
    }  # fmt: skip


def paired(ours: ByLine, theirs: ByLine) -> dict[str, Any]:
    """Return the mean difference over the lines that both have, its interval, and lines won."""
    both = [ours[line] - theirs[line] for line in ours if line in theirs]
    differences = [difference for difference in both if not isnan(difference)]
    return {
        **interval(differences).as_dict(),
        "lines_won": sum(difference > 0 for difference in differences),
        "lines": len(differences),
    }


def summarise(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the table's summary.

    Args:
        outcomes: Of all folds; each line is tested in one.

    Returns:
        `summary`, `winner`, `best_baseline`, `paired`, `crossover_k`, `training_s`, `chosen`.
    """
    rows = [row for outcome in outcomes for row in outcome.rows]
    kinds = {row.method: row.kind for row in rows}
    means = line_means(rows)
    counts = sorted({row.k for row in rows})
    table = {count: {method: interval(list(means[method, count].values())).as_dict()
                     for method in kinds if (method, count) in means} for count in counts}  # fmt: skip
    ours = next((method for method, kind in kinds.items() if kind == "ours"), None)
    best = {count: _best(table[count], [one for one, kind in kinds.items() if kind == "baseline"]) for count in counts}
    return {
        "summary": table,
        "figures": {figure: _table(line_means(rows, figure)) for figure in FIGURES},
        "winner": {count: _best(table[count], list(kinds)) for count in counts},
        "best_baseline": best,
        "paired": {} if ours is None else {count: _against(means, ours, best[count], count) for count in counts},
        "crossover_k": {} if ours is None else _crossovers(table, ours, kinds),
        "training_s": {method: _mean_seconds(outcomes, method) for method in kinds},
        "chosen": [
            {"fold": at, "method": method, "k": count, "setting": dict(setting)}
            for at, one in enumerate(outcomes)
            for (method, count), setting in one.chosen.items()
        ],
    }


def _against(
    means: Mapping[tuple[str, int], ByLine], ours: str, baseline: str | None, count: int
) -> dict[str, Any] | None:
    if baseline is None:
        return None
    return {"ours": ours, "baseline": baseline, **paired(means[ours, count], means[baseline, count])}


def _mean_seconds(outcomes: Sequence[Outcome], method: str) -> float:
    return interval([one.training_s[method] for one in outcomes if method in one.training_s]).mean


def _crossovers(table: Table, ours: str, methods: Collection[str]) -> dict[str, int | None]:
    return {other: _crossover(table, ours, other) for other in (POOLED_TREES, LINE_TREES) if other in methods}


def _table(means: Mapping[tuple[str, int], ByLine]) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for (method, count), by_line in means.items():
        found[count][method] = interval(list(by_line.values())).mean
    return dict(found)


def _best(table: Mapping[str, Mapping[str, float]], methods: Sequence[str]) -> str | None:
    there = [one for one in methods if one in table and not isnan(table[one]["mean"])]
    return max(there, key=lambda one: table[one]["mean"]) if there else None


def _crossover(table: Table, ours: str, other: str) -> int | None:
    """Return the smallest K from which on ours has the higher mean at every K; None where it has not at the largest."""
    found = None
    for count in sorted(table, reverse=True):
        if not table[count][ours]["mean"] > table[count][other]["mean"]:
            break
        found = count
    return found

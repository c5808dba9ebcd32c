"""Puts a whole evaluation into one document: what `results.json` holds."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from metalearn.evaluation.contest import Outcome
from metalearn.evaluation.few_shot import CutLine, FewShotPlan
from metalearn.evaluation.summary import summarise


def results_of(
    outcomes: Sequence[Outcome], plan: FewShotPlan, controls: dict[str, Any], skipped: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Return the document, ready for JSON.

    Args:
        outcomes: Of all folds.
        plan: The protocol.
        controls: From `run_controls`; empty where none were run.
        skipped: Lines that could not be judged, each with its reason.
    """
    failed = sorted({(method, reason) for one in outcomes for method, reason in one.failed.items()})
    document = {
        "plan": asdict(plan),
        "lines": [{"fold": at, **described(line)} for at, one in enumerate(outcomes) for line in one.fold.test],
        "skipped": [{"line": line, "reason": reason} for line, reason in skipped],
        "failed": [{"method": method, "reason": reason} for method, reason in failed],
        **summarise(outcomes),
        "controls": controls,
        "rows": [row.as_dict() for one in outcomes for row in one.rows],
    }
    found: dict[str, Any] = plain(document)
    return found


def described(line: CutLine) -> dict[str, Any]:
    """Return how large a line is and where it is cut."""
    return {
        "line": line.task.name,
        "kind": line.kind,
        "rows": len(line.task.labels),
        "frauds": line.task.frauds,
        "prevalence": line.task.frauds / len(line.task.labels),
        "cut_s": line.cut_s,
        "query_rows": len(line.query),
        "query_frauds": int((line.query_labels == 1).sum()),
    }


def plain(value: Any) -> Any:
    """Return a value as JSON has it: keys are text, what is not finite is null."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

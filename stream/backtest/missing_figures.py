"""Says why figures of a backtest are empty."""

from collections.abc import Mapping
from typing import Any

from stream.events.business_line import BusinessLine


def missing_figures(found: Mapping[str, Any], lines: Mapping[str, BusinessLine], too_short: str) -> list[str]:
    """Return a reason for everything that could not be judged, in a person's words.

    Args:
        found: As in `metrics.json`.
        lines: Business lines by name.
        too_short: Why no week is judged, empty where one is.
    """
    said = [f"too little history: {too_short}"] if too_short else []
    for name, line in lines.items():
        if reason := _of_line(found["lines"][name], line):
            said.append(f"line {name} {reason}")
    return said


def _of_line(figures: Mapping[str, Any], line: BusinessLine) -> str:
    if line.history.label is None:
        return "names no label column: history.label"
    if not figures["events"]:
        return "has no events in the time that is judged"
    if not figures["frauds"]:
        return "has no labelled fraud in the time that is judged"
    return "has frauds alone in the time that is judged" if figures["auc"] is None else ""

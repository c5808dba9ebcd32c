"""Says precisely what of history gives nothing to learn, and why."""

from collections.abc import Container, Mapping
from datetime import UTC, datetime

import numpy as np

from stream.errors import UsageError
from stream.events.business_line import BusinessLine
from stream.events.history import History

DAY_S = 86_400.0
WARM_UP_S = 7 * DAY_S
"""Windowed features mean little before a line has some days behind it."""


def require_labels(lines: Mapping[str, BusinessLine]) -> None:
    """Check that at least one line has labels in history.

    Raises:
        UsageError: None has.
    """
    if not any(line.history.label for line in lines.values()):
        raise UsageError("no line names its label column: history.label")


def left_out(history: History, trained: Container[str]) -> list[str]:
    """Return which lines gave no labels or no rows, each in a person's words.

    Args:
        history: All events.
        trained: Lines that were learnt from.
    """
    said = []
    for name, line in history.lines.items():
        if name not in trained:
            days = f"{WARM_UP_S / DAY_S:.0f} days"
            said.append(f"line {name} is left out: no label is known of an event later than its first {days}")
        elif line.history.label is None:
            said.append(f"line {name} names no label column, history.label, so all its events are presumed genuine")
    return said


def nothing_to_learn(history: History, until_s: float) -> str:
    """Return why no line has a fraud to learn from, and what to do.

    Args:
        history: All events.
        until_s: Labels known from then on are not used.
    """
    frauds = np.flatnonzero(history.label == 1)
    if not any(line.history.label for line in history.lines.values()):
        return "no line names its label column: history.label"
    if not len(frauds):
        return "no event of this history is labelled as fraud; give history that has frauds"
    known_at_s = np.sort(history.label_known_at_s[frauds])
    if known_at_s[0] >= until_s:
        return (
            f"no fraud's label is known before {_iso(until_s)}: the first of {len(frauds)} becomes known at "
            f"{_iso(float(known_at_s[0]))} (label_delay); give more history or a later --until"
        )
    known = int((known_at_s < until_s).sum())
    return (
        f"the {known} frauds whose labels are known before {_iso(until_s)} are repeats or lie in the first "
        f"{WARM_UP_S / DAY_S:.0f} days of their line, which only warm features up; give more history or a later --until"
    )


def _iso(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).isoformat() if np.isfinite(epoch_s) else "any time"

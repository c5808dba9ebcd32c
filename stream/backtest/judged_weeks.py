"""Which weeks a backtest judges, and whether the initialisation had seen their labels."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

DAY_S = 86_400.0
WEEK_S = 7 * DAY_S


@dataclass(frozen=True, slots=True)
class JudgedWeeks:
    """What is judged.

    Attributes:
        starts: First midnight of each week, epoch seconds.
        since_s: Where there is no full week, lines are judged from then on.
        in_sample: Why figures may be in-sample, empty where they are not.
        too_short: Why there is no week, empty where there is one.
    """

    starts: tuple[float, ...]
    since_s: float
    in_sample: str = ""
    too_short: str = ""

    def covers(self, occurred_at_s: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Tell which events are judged."""
        if not self.starts:
            return occurred_at_s >= self.since_s
        return (occurred_at_s >= self.starts[0]) & (occurred_at_s < self.starts[-1] + WEEK_S)


def judged_weeks(
    occurred_at_s: npt.NDArray[np.float64], weeks_from_s: float | None, until_s: float | None
) -> JudgedWeeks:
    """Choose the weeks: those asked for, or else those after training, or else all.

    Args:
        occurred_at_s: Event times, growing.
        weeks_from_s: From when on weeks were asked for, None where they were not.
        until_s: Until when the initialisation knew labels, None where it does not say.
    """
    first_s, last_s = float(occurred_at_s[0]), float(occurred_at_s[-1])
    if weeks_from_s is not None:
        asked = week_starts(occurred_at_s, weeks_from_s)
        short = f"no full week lies between --weeks-from {iso(weeks_from_s)} and its end, {iso(last_s)}"
        return JudgedWeeks(asked, weeks_from_s, _asked(weeks_from_s, first_s, until_s), "" if asked else short)
    after = week_starts(occurred_at_s, until_s) if until_s is not None else ()
    if after:
        return JudgedWeeks(after, after[0])
    every = week_starts(occurred_at_s, first_s + 2 * WEEK_S)
    short = f"{iso(first_s)} to {iso(last_s)} is less than a week to judge and the two before it"
    seen = "" if until_s is not None and until_s <= first_s else _left(until_s)
    return JudgedWeeks(every, first_s, seen, "" if every else short)


def week_starts(occurred_at_s: npt.NDArray[np.float64], from_s: float) -> tuple[float, ...]:
    """Return the first midnight of each full week from `from_s` on, counted back from the last day."""
    first_s, end_s = np.floor(occurred_at_s[0] / DAY_S) * DAY_S, (np.floor(occurred_at_s[-1] / DAY_S) + 1) * DAY_S
    count = max(int((end_s - max(from_s, first_s)) // WEEK_S), 0)
    return tuple(float(end_s - (count - at) * WEEK_S) for at in range(count))


def _asked(weeks_from_s: float, first_s: float, until_s: float | None) -> str:
    if until_s is None:
        return _UNKNOWN
    if max(weeks_from_s, first_s) < until_s:
        return f"--weeks-from {iso(weeks_from_s)} is before {iso(until_s)}, until when {_KNEW}"
    return ""


def _left(until_s: float | None) -> str:
    if until_s is None:
        return _UNKNOWN
    return f"no full week is left after {iso(until_s)}, until when {_KNEW}; all weeks are judged"


_KNEW = "the initialisation knew labels"
_UNKNOWN = "the initialisation does not say until when it knew labels; all may be of that time; train it anew"


def iso(epoch_s: float) -> str:
    """Return a time in ISO 8601, a midnight as its date."""
    return datetime.fromtimestamp(epoch_s, UTC).isoformat().removesuffix("T00:00:00+00:00")

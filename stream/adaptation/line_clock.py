"""A line's event time and event rate, as one partition sees them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from stream.features.kernel import kernel

_DAY_S = 86_400.0
# Below this age the rate is taken over the whole of it: a burst says little about a day.
_LEAST_AGE_S = 3_600.0
_LN_2 = math.log(2.0)


class LineClock(msgspec.Struct, array_like=True):
    """Newest event time and the decayed count of events, half-life one day.

    Attributes:
        watermark_s: The newest event time, epoch seconds.
        started_at_s: The oldest one.
        seen: Events so far.
        decayed: The sum over events of 2^(-age in days), at the watermark.
    """

    watermark_s: float
    started_at_s: float
    seen: int = 0
    decayed: float = 0.0


@dataclass(frozen=True, slots=True)
class LineRates:
    """What each event's line had been seen to have, that event included.

    Attributes:
        seen: Events so far, int64 [n].
        events_per_day: The rate that would give the decayed count at that age, float64 [n]. A steady
            rate r has the decayed count r (1 - 2^(-age)) / ln 2, age in days.
    """

    seen: npt.NDArray[np.int64]
    events_per_day: npt.NDArray[np.float64]


def observe_events(
    clocks: Sequence[LineClock], which: npt.NDArray[np.int64], occurred_at_s: npt.NDArray[np.float64]
) -> LineRates:
    """Count events, early or late, one after the other.

    Args:
        clocks: Changed in place.
        which: The clock of each event, int64 [n].
        occurred_at_s: Event times, epoch seconds, float64 [n].
    """
    watermark_s = np.array([one.watermark_s for one in clocks], np.float64)
    started_at_s = np.array([one.started_at_s for one in clocks], np.float64)
    seen = np.array([one.seen for one in clocks], np.int64)
    decayed = np.array([one.decayed for one in clocks], np.float64)
    rates = LineRates(np.empty(len(which), np.int64), np.empty(len(which), np.float64))
    _observe(watermark_s, started_at_s, seen, decayed, which, occurred_at_s, rates.seen, rates.events_per_day)
    columns = watermark_s.tolist(), started_at_s.tolist(), seen.tolist(), decayed.tolist()
    for clock, *now in zip(clocks, *columns, strict=True):
        clock.watermark_s, clock.started_at_s, clock.seen, clock.decayed = now
    return rates


@kernel
def _halved(duration_s: float) -> float:
    return float(2.0 ** (-duration_s / _DAY_S))


@kernel
def _observe(
    watermark_s: npt.NDArray[np.float64],
    started_at_s: npt.NDArray[np.float64],
    seen: npt.NDArray[np.int64],
    decayed: npt.NDArray[np.float64],
    which: npt.NDArray[np.int64],
    occurred_at_s: npt.NDArray[np.float64],
    seen_then: npt.NDArray[np.int64],
    events_per_day: npt.NDArray[np.float64],
) -> None:
    for at in range(len(which)):
        line, time_s = which[at], occurred_at_s[at]
        ahead_s = time_s - watermark_s[line]
        if ahead_s > 0.0:
            decayed[line] = decayed[line] * _halved(ahead_s) + 1.0
            watermark_s[line] = time_s
        else:
            decayed[line] += _halved(-ahead_s)
            started_at_s[line] = min(started_at_s[line], time_s)
        seen[line] += 1
        seen_then[at] = seen[line]
        age_s = max(watermark_s[line] - started_at_s[line], _LEAST_AGE_S)
        events_per_day[at] = decayed[line] * _LN_2 / (1.0 - _halved(age_s))

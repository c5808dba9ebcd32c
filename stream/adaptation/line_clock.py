"""A line's event time and event rate, as one partition sees them."""

import math

import msgspec

_DAY_S = 86_400.0
# Below this age the rate is taken over the whole of it: a burst says little about a day.
_LEAST_AGE_S = 3_600.0


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

    def observe(self, occurred_at_s: float) -> None:
        """Count one event, early or late."""
        ahead_s = occurred_at_s - self.watermark_s
        if ahead_s > 0:
            self.decayed = self.decayed * _halved(ahead_s) + 1.0
            self.watermark_s = occurred_at_s
        else:
            self.decayed += _halved(-ahead_s)
            self.started_at_s = min(self.started_at_s, occurred_at_s)
        self.seen += 1

    def events_per_day(self) -> float:
        """Return the rate that would give this decayed count at this age.

        A steady rate r has the decayed count r (1 - 2^(-age)) / ln 2, age in days.
        """
        age_s = max(self.watermark_s - self.started_at_s, _LEAST_AGE_S)
        return self.decayed * math.log(2.0) / (1.0 - _halved(age_s))


def _halved(duration_s: float) -> float:
    return float(2.0 ** (-duration_s / _DAY_S))

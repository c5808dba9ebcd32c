"""A token bucket in a line's event time: so many a day, a day's worth at once."""

_DAY_S = 86_400.0


class RateLimit:
    """Lets a number through each day of event time; the same order of calls gives the same answers."""

    __slots__ = ("_at_s", "_left", "_per_day")

    def __init__(self, per_day: float) -> None:
        """Start full."""
        self._per_day = self._left = per_day
        self._at_s: float | None = None

    def take(self, at_s: float) -> bool:
        """Return whether one more may pass at a time that never goes back."""
        if self._at_s is not None and at_s > self._at_s:
            self._left = min(self._per_day, self._left + (at_s - self._at_s) / _DAY_S * self._per_day)
        self._at_s = at_s
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True

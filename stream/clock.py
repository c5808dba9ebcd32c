"""Processing time, handed to what needs it so that tests can stop the clock."""

import time
from typing import Protocol


class Clock(Protocol):
    """Tells processing time."""

    def now_s(self) -> float:
        """Return the current time as epoch seconds."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_s(self) -> float:
        """Return the current time as epoch seconds."""
        return time.time()


class FixedClock:
    """A clock that stands still until it is moved, for tests and backtests."""

    def __init__(self, now_s: float = 0.0) -> None:
        """Start at `now_s` epoch seconds."""
        self._now_s = now_s

    def now_s(self) -> float:
        """Return the time the clock stands at."""
        return self._now_s

    def move_to(self, now_s: float) -> None:
        """Set the clock to `now_s` epoch seconds."""
        self._now_s = now_s

"""Keeps what was fitted on one set of training lines, with the seconds that it took."""

from collections.abc import Callable
from time import perf_counter
from typing import Any


class Fits:
    """What several settings and methods share, fitted once."""

    def __init__(self) -> None:
        """Start with nothing fitted."""
        self._kept: dict[str, Any] = {}
        self._seconds: dict[str, float] = {}
        self._used: set[str] = set()
        self._making_s = 0.0

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """Return what is kept under a key, made where there is none."""
        self._used.add(key)
        if key not in self._kept:
            before_s, start = self._making_s, perf_counter()
            self._kept[key] = make()
            whole = perf_counter() - start
            # What was made inside has its own seconds.
            self._seconds[key] = whole - (self._making_s - before_s)
            self._making_s = before_s + whole
        return self._kept[key]

    def timed(self, work: Callable[[], Any]) -> tuple[Any, float]:
        """Return what some work gives, and its seconds as though nothing had been kept."""
        self._used, before_s, start = set(), self._making_s, perf_counter()
        found = work()
        own_s = perf_counter() - start - (self._making_s - before_s)
        return found, own_s + sum(self._seconds[key] for key in self._used)

"""The precision the model itself expects: a decayed mean over each line's recent alert candidates."""

from collections.abc import Iterable

# In alert candidates: some days' worth of a usual budget, so that one micro-batch moves it little.
HALF_LIFE = 300.0
_KEPT = 0.5 ** (1.0 / HALF_LIFE)


class EstimatedPrecision:
    """Mean scores by line, over all partitions of one worker; each candidate counts half after 300 more."""

    def __init__(self) -> None:
        """Start without candidates."""
        self._sums: dict[str, tuple[float, float]] = {}

    def observe(self, line: str, scores: Iterable[float]) -> float:
        """Count a line's alert candidates, at least one, and return the mean.

        Args:
            line: Business line.
            scores: Of the candidates, the newest last.
        """
        weight, total = self._sums.get(line, (0.0, 0.0))
        for score in scores:
            weight, total = weight * _KEPT + 1.0, total * _KEPT + score
        self._sums[line] = weight, total
        return total / weight

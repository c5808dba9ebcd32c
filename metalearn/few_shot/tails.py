"""How rare a score is on a line: members' scores made comparable by the line's own recent scores."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

POINTS = 65
_TAIL = 0.2
_TOLD = 6.0


@dataclass(frozen=True, slots=True)
class Tail:
    """A member's scores on a line's own events.

    Attributes:
        scores: Growing, up to the 80th percentile, float32 [POINTS].
        rarity: Minus the logarithm of the share of events that score at least so high, float32 [POINTS].
        excess: Mean of how far scores beyond the percentile lie above it.
    """

    scores: Floats
    rarity: Floats
    excess: float

    def apply(self, scores: Floats) -> Floats:
        """Return how rare scores are: below the percentile as counted, above it an exponential tail."""
        last = self.scores[-1]
        below = np.interp(scores, self.scores, self.rarity)
        return np.asarray(np.where(scores > last, self.rarity[-1] + (scores - last) / self.excess, below), np.float32)


def fit_tail(scores: Floats) -> Tail:
    """Return the tail of scores of a line's own events, float32 [n]; equal scores share one value.

    Without any event a score is as rare as it is high.
    """
    if not len(scores):
        return Tail(np.linspace(-1.0, 0.0, POINTS).astype(np.float32), np.zeros(POINTS, np.float32), 1.0)
    ordered = np.sort(scores.astype(np.float64))
    edge = float(np.quantile(ordered, 1.0 - _TAIL))
    points = np.quantile(ordered, np.linspace(0.0, 1.0 - _TAIL, POINTS))
    share = (len(ordered) - np.searchsorted(ordered, points, "left")) / len(ordered)
    beyond = ordered[ordered > edge] - edge
    excess = max(float(beyond.mean()) if len(beyond) else 0.0, 1e-3)
    return Tail(points.astype(np.float32), -np.log(share).astype(np.float32), excess)


def compressed(rarity: Floats) -> Floats:
    """Return rarity as it counts in a mean: beyond what a few hundred events can tell, by its logarithm."""
    return np.asarray(np.minimum(rarity, _TOLD) + np.log1p(np.maximum(rarity - _TOLD, 0.0)), np.float32)

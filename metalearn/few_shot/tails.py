"""How rare a score is on a line: scores made comparable by the line's own recent ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

POINTS = 65
_TAIL = 0.2
_LEAST_EXCESS = 1e-3
_LEAST_SPREADS = 0.1
_TOLD = 6.0


@dataclass(frozen=True, slots=True)
class Tail:
    """Of one score on a line's own events.

    Attributes:
        scores: Growing, up to the 80th percentile, float32 [POINTS].
        rarity: Minus the logarithm of the share of events that score at least so high, float32 [POINTS].
        beyond: The same of scores just above the percentile.
        excess: Mean of how far scores beyond the percentile lie above it.
    """

    scores: Floats
    rarity: Floats
    beyond: float
    excess: float

    def apply(self, scores: Floats) -> Floats:
        """Return how rare scores are: up to the percentile as counted, above it an exponential tail."""
        made = np.empty(len(scores), np.float32)
        beyond, excess = np.float32(self.beyond), np.float32(self.excess)
        _rarity_of(np.ascontiguousarray(scores, np.float32), self.scores, self.rarity, beyond, excess, made)
        return made


# Of a line's few rows in a batch numpy's `interp` and `where` cost more than all that is asked of them.
@numba.njit(cache=True, nogil=True, error_model="numpy")
def _rarity_of(
    scores: Floats, points: Floats, rarity: Floats, beyond: np.float32, excess: np.float32, made: Floats
) -> None:
    last = points[-1]
    for row in range(len(scores)):
        score = scores[row]
        if np.isnan(score):
            made[row] = score
        elif score > last:
            made[row] = beyond + (score - last) / excess
        else:
            at = np.searchsorted(points, score, side="right") - 1
            made[row] = _between(np.float64(score), points, rarity, at)


@numba.njit(cache=True, nogil=True)
def _between(score: float, points: Floats, rarity: Floats, at: int) -> float:
    """Return what `np.interp` gives at a score that lies on the point `at` or between it and the next."""
    if at < 0:
        return np.float64(rarity[0])
    here, known = np.float64(points[at]), np.float64(rarity[at])
    if score == here:
        return known
    slope = (np.float64(rarity[at + 1]) - known) / (np.float64(points[at + 1]) - here)
    return slope * (score - here) + known


def fit_tail(scores: Floats) -> Tail:
    """Return the tail of scores of a line's own events, float32 [n]; equal scores share one value.

    Without any event a score is as rare as it is high.
    """
    if not len(scores):
        return Tail(np.linspace(-1.0, 0.0, POINTS).astype(np.float32), np.zeros(POINTS, np.float32), 0.0, 1.0)
    ordered = np.sort(scores.astype(np.float64))
    points = np.quantile(ordered, np.linspace(0.0, 1.0 - _TAIL, POINTS)).astype(np.float32)
    share = (len(ordered) - np.searchsorted(ordered.astype(np.float32), points, "left")) / len(ordered)
    beyond = ordered[ordered.astype(np.float32) > points[-1]] - points[-1]
    excess = max(float(beyond.mean()) if len(beyond) else 0.0, _LEAST_SPREADS * float(ordered.std()), _LEAST_EXCESS)
    start = -np.log((len(beyond) + 0.5) / (len(ordered) + 1.0))
    rarity = -np.log(share).astype(np.float32)
    return Tail(points, rarity, max(float(start), float(rarity[-1])), excess)


def compressed(rarity: Floats) -> Floats:
    """Return rarity as it counts in a mean: beyond what a few hundred events can tell, by its logarithm."""
    return np.asarray(np.minimum(rarity, _TOLD) + np.log1p(np.maximum(rarity - _TOLD, 0.0)), np.float32)


def tail_arrays(tails: Sequence[Tail], prefix: str) -> dict[str, npt.NDArray[Any]]:
    """Return tails as named arrays."""
    return {
        prefix + "scores": np.stack([tail.scores for tail in tails]),
        prefix + "rarity": np.stack([tail.rarity for tail in tails]),
        prefix + "beyond": np.array([tail.beyond for tail in tails], np.float64),
        prefix + "excess": np.array([tail.excess for tail in tails], np.float64),
    }


def tails_of(arrays: Mapping[str, npt.NDArray[Any]], prefix: str, count: int) -> tuple[Tail, ...]:
    """Return so many tails.

    Raises:
        KeyError: An array is missing.
        ValueError: They are of other shapes, or a rarer score would count less.
    """
    scores, rarity, beyond, excess = (
        arrays[prefix + name].astype(np.float64) for name in ("scores", "rarity", "beyond", "excess")
    )
    if scores.shape != (count, POINTS) or rarity.shape != scores.shape or beyond.shape != (count,):
        raise ValueError(f"tails of shapes {scores.shape}, {rarity.shape} and {beyond.shape}")
    grow = (np.diff(scores, axis=1), np.diff(rarity, axis=1), beyond - rarity[:, -1])
    if excess.shape != (count,) or not (excess > 0).all() or not all((part >= 0).all() for part in grow):
        raise ValueError("tails that fall")
    return tuple(
        Tail(one.astype(np.float32), rare.astype(np.float32), float(start), float(far))
        for one, rare, start, far in zip(scores, rarity, beyond, excess, strict=True)
    )

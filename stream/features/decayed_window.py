"""Exponentially decayed sums: a window of a given half-life in one number.

A sum of half-life h at time T is sum_i x_i 2^-((T - t_i) / h). It is linear in its events, so
it can be added to, subtracted from and merged, and an event that comes late is exact: the
state stays at the newest event time and the late event's contribution is decayed instead.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stream.features.kernel import kernel

Sums = npt.NDArray[np.float64] | npt.NDArray[np.float32]

HOUR_S = 3600.0
DAY_S = 86400.0

HALF_LIVES_S: npt.NDArray[np.float64] = np.array([HOUR_S, DAY_S, 7 * DAY_S, 30 * DAY_S])
"""Half-lives of every window, shortest first."""

HALF_LIFE_NAMES = ("1h", "1d", "7d", "30d")

# Beyond this many half-lives a scale factor would leave the range of a double.
_LARGEST_EXPONENT = 900.0


@kernel
def decay(elapsed_s: float, half_life_s: float) -> float:
    """Return the weight of what happened `elapsed_s` ago, 2^-(elapsed / half-life)."""
    exponent = min(-elapsed_s / half_life_s, _LARGEST_EXPONENT)
    return float(2.0**exponent)


@kernel
def decays(elapsed_s: float, half_lives_s: npt.NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return the weight of what happened `elapsed_s` ago for each of four half-lives, for all sums of an entity."""
    if elapsed_s == 0.0:
        return 1.0, 1.0, 1.0, 1.0
    return (
        decay(elapsed_s, half_lives_s[0]),
        decay(elapsed_s, half_lives_s[1]),
        decay(elapsed_s, half_lives_s[2]),
        decay(elapsed_s, half_lives_s[3]),
    )


@kernel
def move_to(sums: Sums, weights: Sequence[float]) -> None:
    """Decay sums, one a half-life, by the weights of the time that passed since they were last moved.

    Args:
        sums: As many as there are half-lives, or fewer: those of the longest.
        weights: Of all half-lives.
    """
    first = len(weights) - len(sums)
    for at in range(len(sums)):
        sums[at] *= weights[first + at]


@kernel
def add(sums: Sums, weights: Sequence[float], value: float) -> None:
    """Add an event of `value` that weighs so much at the time the sums stand at; both as in `move_to`."""
    first = len(weights) - len(sums)
    for at in range(len(sums)):
        sums[at] += value * weights[first + at]

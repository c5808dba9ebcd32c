"""Exponentially decayed sums: a window of a given half-life in one number.

A sum of half-life h at time T is sum_i x_i 2^-((T - t_i) / h). It is linear in its events, so
it can be added to, subtracted from and merged, and an event that comes late is exact: the
state stays at the newest event time and the late event's contribution is decayed instead.
"""

import numpy as np
import numpy.typing as npt

from stream.features.kernel import kernel

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
def move_to(sums: npt.NDArray[np.float64], half_lives_s: npt.NDArray[np.float64], elapsed_s: float) -> None:
    """Decay sums, one a half-life, by the time that passed since they were last moved."""
    for at in range(len(half_lives_s)):
        sums[at] *= decay(elapsed_s, half_lives_s[at])


@kernel
def add(sums: npt.NDArray[np.float64], half_lives_s: npt.NDArray[np.float64], elapsed_s: float, value: float) -> None:
    """Add an event of `value` that happened `elapsed_s` before the time the sums stand at."""
    for at in range(len(half_lives_s)):
        sums[at] += value * decay(elapsed_s, half_lives_s[at])

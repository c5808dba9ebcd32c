"""Means over lines with their 95 % t intervals."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

_SMALL = (
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
)  # fmt: skip
_NORMAL = 1.959964


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % interval; NaN where one value or none gives no spread."""

    mean: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        """Return mean, low and high by name."""
        return asdict(self)


def t_quantile(freedom: int) -> float:
    """Return the .975 quantile of Student's t.

    Beyond 10 degrees by Abramowitz and Stegun, 26.7.5, right to 1e-4.
    """
    if freedom <= len(_SMALL):
        return _SMALL[freedom - 1]
    z = _NORMAL
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def interval(values: Sequence[float]) -> Interval:
    """Return the mean of values and its 95 % interval; values that are NaN are left out."""
    there = np.array([value for value in values if not math.isnan(value)], np.float64)
    if not len(there):
        return Interval(math.nan, math.nan, math.nan)
    mean = float(there.mean())
    if len(there) == 1:
        return Interval(mean, math.nan, math.nan)
    half = t_quantile(len(there) - 1) * float(there.std(ddof=1)) / math.sqrt(len(there))
    return Interval(mean, mean - half, mean + half)

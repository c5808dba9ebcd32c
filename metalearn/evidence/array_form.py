"""Refuses stored arrays that are not of the form they must have."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt


def numbers(arrays: Mapping[str, npt.NDArray[Any]], name: str, count: int) -> tuple[float, ...]:
    """Return the numbers of a one-dimensional array.

    Raises:
        KeyError: It is missing.
        ValueError: It holds more, fewer, or what is not finite.
    """
    found = arrays[name]
    if found.shape != (count,) or not np.isfinite(found).all():
        raise ValueError(f"{name} must hold {count} finite numbers")
    return tuple(float(one) for one in found)


def formed(
    arrays: Mapping[str, npt.NDArray[Any]], name: str, kind: type[np.generic], dimensions: int
) -> npt.NDArray[Any]:
    """Return an array that is of a type and has so many dimensions.

    Raises:
        KeyError: It is missing.
        ValueError: It is of another form, or holds what is not finite.
    """
    found = arrays[name]
    if found.dtype != np.dtype(kind) or found.ndim != dimensions:
        raise ValueError(
            f"{name} is {found.dtype} with {found.ndim} dimensions, must be {np.dtype(kind)}, {dimensions}"
        )
    if not np.isfinite(found).all():
        raise ValueError(f"{name} holds what is not finite")
    return found

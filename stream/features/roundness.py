"""How round an amount is."""

import numpy as np

from stream.features.kernel import kernel

_MOST_ZEROS = 6


@kernel
def zeros_of(size: float) -> float:
    """Return how many zeros an amount ends in, written in hundredths; at most 6, and 0 of nothing.

    Hundredths whatever the currency: within one line it is differences that tell.

    Args:
        size: Amount in major units, not negative.
    """
    # Beyond that a double has no hundredths.
    return min(trailing_zeros(round(size * 100.0)), _MOST_ZEROS) if 0.0 < size < 1e13 else 0.0


@kernel
def trailing_zeros(whole: float) -> float:
    """Return how many zeros a whole number ends in; 0 of nothing."""
    zeros, left = 0.0, np.int64(whole)
    while left > 0 and left % 10 == 0:
        left //= 10
        zeros += 1.0
    return zeros

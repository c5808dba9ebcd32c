"""How round an amount is."""

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
    if not 0.0 < size < 1e13:
        return 0.0
    hundredths = round(size * 100.0)
    zeros = 0
    while zeros < _MOST_ZEROS and hundredths > 0 and hundredths % 10 == 0:
        hundredths //= 10
        zeros += 1
    return float(zeros)

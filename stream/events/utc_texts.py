"""Writes a column of event times as ISO 8601 in UTC."""

import numpy as np
import numpy.typing as npt


def utc_texts(epoch_s: npt.NDArray[np.float64]) -> list[str]:
    """Return event times with milliseconds, as `datetime.isoformat` tells them.

    Args:
        epoch_s: Of the years 1900 to 2999, float64 [n].

    Example:
        >>> utc_texts(np.array([0.0015]))
        ['1970-01-01T00:00:00.001Z']
    """
    fraction, second = np.modf(epoch_s)
    # Python's datetime holds microseconds, half to even; from these milliseconds are cut.
    micros = np.rint(fraction * 1e6).astype(np.int64)
    millis = second.astype(np.int64) * 1_000 + micros // 1_000
    texts: list[str] = np.datetime_as_string(millis.view("datetime64[ms]"), timezone="UTC").tolist()
    return texts

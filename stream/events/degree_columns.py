"""Reads a column of degrees, with the results that reading one by one gives."""

import numpy as np
import numpy.typing as npt

from stream.events.text_columns import Columns, Odd

_NUMBERS = {int, float}


def read_degrees(columns: Columns, path: str | None, most: float, odd: Odd) -> npt.NDArray[np.float32]:
    """Return a field's degrees, NaN for none, and mark rows with something else or beyond `most`."""
    if path is None:
        return np.full(len(odd), np.nan, np.float32)
    values = columns[path]
    if not set(map(type, values)) <= {*_NUMBERS, type(None)}:
        wrong = [type(value) not in _NUMBERS and value is not None for value in values]
        odd |= np.array(wrong, np.bool_)
        values = [None if bad else value for bad, value in zip(wrong, values, strict=True)]
    degrees = np.array(values, np.float64)
    beyond = np.abs(degrees) > most
    odd |= beyond
    degrees[beyond] = np.nan
    return degrees.astype(np.float32)

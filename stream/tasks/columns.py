"""Columns of a parquet file as arrays: numbers, codes, labels, times, and which rows hold a value."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_MICROSECONDS = 1e6
_NO_TIME = np.iinfo(np.int64).min


def plain(column: Any) -> Any:
    """Return a column that is not encoded by dictionary, its text of one type."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.string()) if pa.types.is_large_string(column.type) else column


def numbers(column: Any, name: str) -> npt.NDArray[np.float64]:
    """Return a column as numbers, NaN where a value is missing.

    Raises:
        ValueError: It holds no numbers.
    """
    column = plain(column)
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
            or pa.types.is_decimal(kind)):  # fmt: skip
        raise ValueError(f"column {name} holds {kind}, not numbers; give it under categorical")
    found = np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)
    return np.where(np.isfinite(found), found, np.nan)


def codes(column: Any) -> npt.NDArray[np.float64]:
    """Return the number of each value in the order of the values, NaN where it is missing."""
    texts = plain(column).cast(pa.string()).combine_chunks().dictionary_encode()
    order = np.argsort(np.argsort(np.asarray(texts.dictionary.to_pylist(), dtype=np.str_)))
    index = texts.indices.cast(pa.float64()).to_numpy(zero_copy_only=False)
    there = ~np.isnan(index)
    found = np.full(len(index), np.nan)
    found[there] = order[index[there].astype(np.int64)]
    return found


def labels(column: Any, name: str) -> npt.NDArray[np.int8]:
    """Return 1 fraud, 0 genuine, -1 unknown.

    Raises:
        ValueError: A value is none of these.
    """
    if pa.types.is_string(plain(column).type):
        raise ValueError(f"column {name} is text; a label must be 0, 1, true or false")
    values = np.nan_to_num(numbers(column, name), nan=-1.0)
    if wrong := sorted(set(np.unique(values)) - {-1.0, 0.0, 1.0}):
        raise ValueError(f"column {name} holds {wrong[0]:g}; a label must be 0, 1, true or false")
    return values.astype(np.int8)


def moments(column: Any, name: str) -> npt.NDArray[np.float64]:
    """Return times as epoch seconds; a column of numbers is taken as it is.

    Raises:
        ValueError: A value is no time, or missing.
    """
    column = plain(column)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        found = numbers(column, name)
    else:
        try:
            stamps = column.cast(pa.timestamp("us"), safe=False)
        except pa.ArrowException as error:
            raise ValueError(f"column {name} holds no times") from error
        whole = pc.fill_null(stamps.cast(pa.int64()), int(_NO_TIME)).to_numpy()
        found = np.where(whole == _NO_TIME, np.nan, whole / _MICROSECONDS)
    if np.isnan(found).any():
        raise ValueError(f"column {name}: row {int(np.flatnonzero(np.isnan(found))[0])} has no time")
    return found


def holds(column: Any, wanted: Sequence[Any], name: str) -> npt.NDArray[np.bool_]:
    """Return which rows hold one of several values."""
    column = plain(column)
    kind = column.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        chosen = [float(one) for one in wanted if not isinstance(one, str) or _is_number(one)]
        return np.isin(numbers(column, name), chosen)
    found = pc.is_in(column.cast(pa.string()), value_set=pa.array([str(one) for one in wanted], pa.string()))
    return np.asarray(found.to_numpy(), np.bool_)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def texts(column: Any) -> npt.NDArray[np.str_]:
    """Return values as text, empty where one is missing."""
    return np.asarray(pc.fill_null(plain(column).cast(pa.string()), "").to_pylist(), dtype=np.str_)


def words(column: Any) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Return the different texts of a column, and of each row which one it has, -1 where it has none.

    Bytes that are no UTF-8 become U+FFFD.
    """
    column = plain(column)
    is_raw = pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)
    raw = column if is_raw else column.cast(pa.string())
    found = raw.cast(pa.binary()).combine_chunks().dictionary_encode()
    index = found.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return [one.decode(errors="replace") for one in found.dictionary.to_pylist()], index


def log_numbers(column: Any, name: str) -> npt.NDArray[np.float64]:
    """Return the logarithm of one plus a number, with the number's sign."""
    found = numbers(column, name)
    return np.sign(found) * np.log1p(np.abs(found))

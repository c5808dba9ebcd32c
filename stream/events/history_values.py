"""Gives a parquet file's columns the values that JSON events of the same rows would carry."""

from datetime import UTC
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stream.events.event_time import moment_s, zone_of
from stream.events.line_roles import TimeRole

_MICROSECONDS = 1e6


def find_column(table: Any, path: str) -> Any:
    """Return the column that a dotted path names, None where there is none.

    A column of that very name goes before a field inside a struct.
    """
    if path in table.column_names:
        return table[path]
    first, *inside = path.split(".")
    if not inside or first not in table.column_names or not pa.types.is_struct(table[first].type):
        return None
    try:
        return pc.struct_field(table[first], inside)
    except pa.ArrowException:
        return None


def json_column(column: Any, path: str) -> Any:
    """Return a column as text, whole numbers, float64 or booleans; NaN is a missing value.

    Raises:
        ValueError: JSON has no plain form for its values.
    """
    types, kind = pa.types, column.type
    if types.is_dictionary(kind):
        return json_column(column.cast(kind.value_type), path)
    if types.is_integer(kind) or types.is_boolean(kind):
        return column
    if types.is_floating(kind):
        return _finite(column.cast(pa.float64()), path)
    # Text keeps a decimal's digits; a number in JSON would not.
    texts = (types.is_string, types.is_large_string, types.is_decimal, types.is_date, types.is_null)
    if any(test(kind) for test in texts):
        return column.cast(pa.string())
    raise ValueError(f"field {path} holds {kind}, which JSON has no plain form for; store text or numbers")


def _finite(column: Any, path: str) -> Any:
    values = column.to_numpy()
    if np.isinf(values).any():
        raise ValueError(f"field {path}: row {int(np.flatnonzero(np.isinf(values))[0])} is infinite")
    return pa.chunked_array([pa.array(values, from_pandas=True)])


def time_column(column: Any, role: TimeRole) -> Any:
    """Return the event times in the form that the role's JSON has: moments, text or epochs."""
    kind = column.type
    if pa.types.is_date(kind):
        column = column.cast(pa.timestamp("us"))
    elif not pa.types.is_timestamp(kind):
        return json_column(column, role.field)
    # JSON written by Python ends at microseconds, so anything finer is cut off here too.
    moments = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    if role.format == "iso8601":
        return moments
    if role.format in ("epoch_s", "epoch_ms"):
        units = _MICROSECONDS if role.format == "epoch_s" else 1_000.0
        return pa.chunked_array([pa.array(_microseconds(moments, role) / units, from_pandas=True)])
    texts = [None if one is None else one.strftime(role.format) for one in moments.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def epoch_seconds(moments: Any, role: TimeRole) -> Any:
    """Return moments as epoch seconds, float64, NaN where missing."""
    return _microseconds(moments, role) / _MICROSECONDS


def _microseconds(moments: Any, role: TimeRole) -> Any:
    zone = zone_of(role)
    if moments.type.tz is None and zone is not UTC:
        # Row by row, because Arrow and Python differ on hours that a change of clocks leaves out.
        found = [float("nan") if one is None else moment_s(one, zone) for one in moments.to_pylist()]
        return np.rint(np.array(found, np.float64) * _MICROSECONDS)
    return moments.cast(pa.int64()).cast(pa.float64(), safe=False).to_numpy()

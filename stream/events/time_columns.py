"""Reads a column of event times as epoch seconds, with the results that reading one by one gives."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from stream.events.event_time import EARLIEST_S, LATEST_S, time_converter
from stream.events.iso_times import read_iso_times
from stream.events.line_roles import TimeRole
from stream.events.roles import RoleError
from stream.events.text_columns import Odd

_NUMBERS = {int, float}


def read_times(values: Sequence[Any], role: TimeRole, odd: Odd) -> npt.NDArray[np.float64]:
    """Return event times, epoch seconds, and mark rows where one is missing, no time or out of bounds."""
    kinds = set(map(type, values))
    if role.format == "iso8601" and kinds <= {str}:
        times_s, read = read_iso_times(values, naive=role.timezone == "UTC")
        _one_by_one(values, role, np.flatnonzero(~read), times_s, odd)
    elif role.format in ("epoch_s", "epoch_ms") and kinds <= _NUMBERS:
        times_s = np.array(values, np.float64) / (1000.0 if role.format == "epoch_ms" else 1.0)
    else:
        times_s = np.zeros(len(values))
        _one_by_one(values, role, np.arange(len(values)), times_s, odd)
    odd |= ~((times_s >= EARLIEST_S) & (times_s < LATEST_S))
    return times_s


def _one_by_one(
    values: Sequence[Any],
    role: TimeRole,
    rows: npt.NDArray[np.int64],
    times_s: npt.NDArray[np.float64],
    odd: Odd,
) -> None:
    convert = time_converter(role)
    for at in rows.tolist():
        try:
            times_s[at] = convert(values[at])
        except RoleError:
            odd[at] = True

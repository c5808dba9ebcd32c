"""A subject's row: what is kept of it, and how an event changes it."""

from typing import Any

import numpy as np
import numpy.typing as npt

from stream.features.decayed_window import add, decay, move_to
from stream.features.kernel import kernel

_LAST_IDS = 16
_LAST_COUNTERPARTIES = 8

SUBJECT_ROW = np.dtype(
    [
        ("count", "<f8", (4,)),
        ("total", "<f8", (3,)),
        ("large", "<f8", (3,)),
        ("square", "<f8"),
        ("log_total", "<f8"),
        ("log_square", "<f8"),
        ("last_s", "<f8"),
        ("latitude", "<f4"),
        ("longitude", "<f4"),
        ("place", "<u4"),
        ("instrument", "<u4"),
        ("ids_high", "<u4", (_LAST_IDS,)),
        ("ids_low", "<u2", (_LAST_IDS,)),
        ("counterparties", "<u4", (_LAST_COUNTERPARTIES,)),
    ]
)
"""A subject: decayed counts; sums of amount and counts of large amounts over all windows but the
shortest; over the longest, sums of the amount's square, of its logarithm and of that one's square;
the last event; 48 bits of each of the last ids; the last distinct counterparties."""

# An amount is large where it is this many times the subject's mean before it.
_LARGE_RATIO = 3.0

Floats = npt.NDArray[np.float64]
Row = Any


@kernel
def clear(row: Row) -> None:
    """Empty the row of a former subject."""
    row.count[:] = 0.0
    row.total[:] = 0.0
    row.large[:] = 0.0
    row.square = 0.0
    row.log_total = 0.0
    row.log_square = 0.0
    row.last_s = 0.0
    row.latitude = np.float32(np.nan)
    row.longitude = np.float32(np.nan)
    row.place = np.uint32(0)
    row.instrument = np.uint32(0)
    row.ids_high[:] = np.uint32(0)
    row.ids_low[:] = np.uint16(0)
    row.counterparties[:] = np.uint32(0)


@kernel
def seen_before(row: Row, high: np.uint32, low: np.uint16) -> bool:
    """Tell whether the id is among the last ones."""
    for place in range(_LAST_IDS):  # noqa: SIM110 - numba compiles no generators
        if row.ids_high[place] == high and row.ids_low[place] == low:
            return True
    return False


@kernel
def keep_id(row: Row, high: np.uint32, low: np.uint16) -> None:
    """Put the id first among the last ones."""
    _push(row.ids_high, high, _LAST_IDS - 1)
    _push(row.ids_low, low, _LAST_IDS - 1)


@kernel
def _push(ring: Any, value: Any, last: int) -> None:
    for place in range(last, 0, -1):
        ring[place] = ring[place - 1]
    ring[0] = value


@kernel
def meet(ring: npt.NDArray[np.uint32], value: np.uint32) -> float:
    """Return 1 where the counterparty is new, and put it first among the last distinct ones."""
    # Distinct values, the last met first.
    for place in range(len(ring)):
        if ring[place] == value:
            _push(ring, value, place)
            return 0.0
    _push(ring, value, len(ring) - 1)
    return 1.0


@kernel
def move(row: Row, half_lives_s: Floats, elapsed_s: float) -> None:
    """Decay the row by the time that passed since it was last moved."""
    move_to(row.count, half_lives_s, elapsed_s)
    move_to(row.total, half_lives_s[1:], elapsed_s)
    move_to(row.large, half_lives_s[1:], elapsed_s)
    weight = decay(elapsed_s, half_lives_s[3])
    row.square *= weight
    row.log_total *= weight
    row.log_square *= weight


@kernel
def add_event(row: Row, half_lives_s: Floats, behind_s: float, size: float, log_amount: float, ratio: float) -> None:
    """Add an event that happened `behind_s` before the time the row stands at."""
    add(row.count, half_lives_s, behind_s, 1.0)
    add(row.total, half_lives_s[1:], behind_s, size)
    if ratio > _LARGE_RATIO:
        add(row.large, half_lives_s[1:], behind_s, 1.0)
    weight = decay(behind_s, half_lives_s[3])
    row.square += weight * size * size
    row.log_total += weight * log_amount
    row.log_square += weight * log_amount * log_amount


@kernel
def remember(
    row: Row, now_s: float, instrument: np.uint32, place: np.uint32, latitude: np.float32, longitude: np.float32
) -> None:
    """Take the event as the last one."""
    row.last_s = now_s
    if instrument != 0:
        row.instrument = instrument
    if place != 0:
        row.place = place
    if not np.isnan(latitude):
        row.latitude = latitude
        row.longitude = longitude

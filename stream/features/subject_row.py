"""A subject's row: what is kept of it, and how an event changes it."""

from typing import Any

import numpy as np
import numpy.typing as npt

from stream.features.decayed_window import add, decays, move_to
from stream.features.kernel import kernel

_LAST_IDS = 8
_LAST_COUNTERPARTIES = 8
_LAST_INSTRUMENTS = 3

SUBJECT_ROW = np.dtype(
    [
        ("count", "<f8", (4,)),
        ("total", "<f8", (3,)),
        ("square", "<f8"),
        ("log_total", "<f8"),
        ("log_square", "<f8"),
        ("last_s", "<f8"),
        ("large", "<f4", (3,)),
        ("hour_sin", "<f4"),
        ("hour_cos", "<f4"),
        ("latitude", "<f4"),
        ("longitude", "<f4"),
        ("placed", "<f4"),
        ("home_latitude", "<f4"),
        ("home_longitude", "<f4"),
        ("place", "<u4"),
        ("instruments", "<u4", (_LAST_INSTRUMENTS,)),
        ("counterparties", "<u4", (_LAST_COUNTERPARTIES,)),
        ("ids_high", "<u4", (_LAST_IDS,)),
        ("ids_low", "<u2", (_LAST_IDS,)),
        ("instrument_met", "<u2", (_LAST_INSTRUMENTS,)),
        ("counterparty_met", "<u2", (_LAST_COUNTERPARTIES,)),
        ("counterparty_events", "u1", (_LAST_COUNTERPARTIES,)),
    ]
)
"""A subject: decayed counts; sums of amount over all windows but the shortest; over the longest, sums of
the amount's square, of its logarithm and of that one's square; the last event's time; counts of large
amounts over all windows but the shortest; over the longest, the mean time of day as a point on a circle;
the last place, how many events had one, and the usual one; the last distinct instruments and
counterparties, with the hour each was met and a counterparty's events since; 48 bits of each of the last
ids. Its size alone tells a changelog's rows from those of before."""

# An amount is large where it is this many times the subject's mean before it.
_LARGE_RATIO = 3.0
# Each place moves the usual one by so much at least, so that who moves house has a new home in time.
_LEAST_SHARE_OF_HOME = 0.02
MOST_AGE_H = 90 * 24
"""What was met earlier than so many hours ago is no older than that."""
_MOST_EVENTS_OF_PAIR = 255
_HOUR_S = 3600.0
_HOURS_AROUND = 65_536  # of 16 bits: seven and a half years

Floats = npt.NDArray[np.float64]
Row = Any


@kernel
def clear(row: Row) -> None:
    """Empty the row of a former subject."""
    row.count[:] = 0.0
    row.total[:] = 0.0
    row.large[:] = np.float32(0.0)
    row.square = 0.0
    row.log_total = 0.0
    row.log_square = 0.0
    row.last_s = 0.0
    row.hour_sin = np.float32(0.0)
    row.hour_cos = np.float32(0.0)
    row.latitude = np.float32(np.nan)
    row.longitude = np.float32(np.nan)
    row.placed = np.float32(0.0)
    row.home_latitude = np.float32(np.nan)
    row.home_longitude = np.float32(np.nan)
    row.place = np.uint32(0)
    row.instruments[:] = np.uint32(0)
    row.counterparties[:] = np.uint32(0)
    row.ids_high[:] = np.uint32(0)
    row.ids_low[:] = np.uint16(0)
    row.instrument_met[:] = np.uint16(0)
    row.counterparty_met[:] = np.uint16(0)
    row.counterparty_events[:] = np.uint8(0)


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
def find(ring: npt.NDArray[np.uint32], value: np.uint32) -> int:
    """Return where a value stands in a ring of distinct ones, -1 where it does not."""
    for place in range(len(ring)):
        if ring[place] == value:
            return place
    return -1


@kernel
def hour_of(now_s: float) -> np.uint16:
    """Return the hour of a time, counted around."""
    return np.uint16(np.int64(np.floor(now_s / _HOUR_S)) % _HOURS_AROUND)


@kernel
def hours_since(met: np.uint16, now_s: float) -> int:
    """Return how many hours ago something was met, at most `MOST_AGE_H`; 0 where that is still to come."""
    hours = (int(hour_of(now_s)) - int(met)) % _HOURS_AROUND
    return min(hours, MOST_AGE_H) if hours < _HOURS_AROUND // 2 else 0


@kernel
def _met_at(met: npt.NDArray[np.uint16], place: int, now_s: float) -> np.uint16:
    # What is very old is held as old as can be told: the clock goes around in seven years.
    if place < 0:
        return hour_of(now_s)
    age_h = hours_since(met[place], now_s)
    return np.uint16((int(hour_of(now_s)) - age_h) % _HOURS_AROUND) if age_h == MOST_AGE_H else met[place]


@kernel
def _put_first(
    ring: npt.NDArray[np.uint32], met: npt.NDArray[np.uint16], place: int, value: np.uint32, now_s: float
) -> int:
    """Put a value that was found at `place` (-1: nowhere) first and the hour it was met; return the place it took."""
    last = place if place >= 0 else len(ring) - 1
    _push(met, _met_at(met, place, now_s), last)
    _push(ring, value, last)
    return last


@kernel
def meet_counterparty(row: Row, place: int, value: np.uint32, now_s: float) -> None:
    """Put a counterparty that was found at `place` (-1: nowhere) first, and count the event."""
    events = row.counterparty_events[place] if place >= 0 else np.uint8(0)
    last = _put_first(row.counterparties, row.counterparty_met, place, value, now_s)
    _push(row.counterparty_events, np.uint8(min(events + 1, _MOST_EVENTS_OF_PAIR)), last)


@kernel
def meet_instrument(row: Row, value: np.uint32, now_s: float) -> None:
    """Put an instrument first."""
    _put_first(row.instruments, row.instrument_met, find(row.instruments, value), value, now_s)


@kernel
def settle(row: Row, latitude: np.float32, longitude: np.float32) -> None:
    """Move the usual place towards a new one, by less the more events had a place."""
    share = max(1.0 / (row.placed + 1.0), _LEAST_SHARE_OF_HOME)
    row.placed = np.float32(row.placed + 1.0)
    if np.isnan(row.home_latitude):
        row.home_latitude = latitude
        row.home_longitude = longitude
        return
    east = (float(longitude) - float(row.home_longitude) + 540.0) % 360.0 - 180.0
    row.home_latitude = np.float32(row.home_latitude + share * (latitude - row.home_latitude))
    row.home_longitude = np.float32((row.home_longitude + share * east + 540.0) % 360.0 - 180.0)


@kernel
def move(row: Row, half_lives_s: Floats, elapsed_s: float) -> None:
    """Decay the row by the time that passed since it was last moved."""
    weights = decays(elapsed_s, half_lives_s)
    move_to(row.count, weights)
    move_to(row.total, weights)
    move_to(row.large, weights)
    weight = weights[3]
    row.square *= weight
    row.log_total *= weight
    row.log_square *= weight
    row.placed = np.float32(row.placed * weight)


@kernel
def add_event(
    row: Row,
    half_lives_s: Floats,
    behind_s: float,
    size: float,
    log_amount: float,
    ratio: float,
    hour_sin: float,
    hour_cos: float,
) -> None:
    """Add an event that happened `behind_s` before the time the row stands at, at some point of the day's circle."""
    weights = decays(behind_s, half_lives_s)
    weight = weights[3]
    # Means of weights that decay alike need no decay.
    share = weight / (row.count[3] + weight)
    row.hour_sin = np.float32(row.hour_sin + share * (hour_sin - row.hour_sin))
    row.hour_cos = np.float32(row.hour_cos + share * (hour_cos - row.hour_cos))
    add(row.count, weights, 1.0)
    add(row.total, weights, size)
    if ratio > _LARGE_RATIO:
        add(row.large, weights, 1.0)
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
        meet_instrument(row, instrument, now_s)
    if place != 0:
        row.place = place
    if not np.isnan(latitude) and not np.isnan(longitude):
        row.latitude = latitude
        row.longitude = longitude

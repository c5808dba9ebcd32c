"""The compiled pass over subjects: features of an event from its subject's row, then the row's change."""

from typing import Any

import numpy as np
import numpy.typing as npt

from stream.features.decayed_window import add, move_to
from stream.features.kernel import kernel

_LAST_IDS = 16
_LAST_COUNTERPARTIES = 8

SUBJECT_ROW = np.dtype(
    [
        ("count", "<f8", (4,)),
        ("total", "<f8", (4,)),
        ("square", "<f8"),
        ("last_s", "<f8"),
        ("latitude", "<f4"),
        ("longitude", "<f4"),
        ("place", "<u4"),
        ("instrument", "<u4"),
        ("ids", "<u8", (_LAST_IDS,)),
        ("counterparties", "<u4", (_LAST_COUNTERPARTIES,)),
    ]
)
"""A subject: decayed counts, sums of log amount, its square over the longest window, the last event, two rings."""

_DAY_S = 86400.0
_FIRST_COLUMN_OF_COUNTS = 4
# The shares of a prior event with this spread, so that a subject's second event has a scale.
_PRIOR_VARIANCE = 0.25
_SINCE_CAP_S = 30 * _DAY_S
_EARTH_RADIUS_KM = 6371.0
# What happens within a minute has no speed beyond that of a minute.
_SHORTEST_TRIP_H = 1 / 60

Floats = npt.NDArray[np.float64]
Row = Any


@kernel
def profile_events(
    data: npt.NDArray[np.void],
    rows: npt.NDArray[np.int64],
    fresh: npt.NDArray[np.bool_],
    occurred_at_s: Floats,
    amount: Floats,
    instrument: npt.NDArray[np.uint32],
    place: npt.NDArray[np.uint32],
    latitude: npt.NDArray[np.float32],
    longitude: npt.NDArray[np.float32],
    event_hash: npt.NDArray[np.uint64],
    counterparty_hash: npt.NDArray[np.uint64],
    half_lives_s: Floats,
    features: npt.NDArray[np.float32],
    repeats: npt.NDArray[np.bool_],
) -> None:
    """Fill features and repeats in order of arrival; see `subject.profile`."""
    for at in range(len(rows)):
        row = data[rows[at]]
        if fresh[at]:
            _clear(row)
        if _contains(row.ids, event_hash[at]):
            repeats[at] = True
            continue
        _push(row.ids, event_hash[at], _LAST_IDS - 1)
        out = features[at]
        now_s = occurred_at_s[at]
        known = row.count[3] > 0.0
        elapsed_s = now_s - row.last_s if known else 0.0
        log_amount = np.sign(amount[at]) * np.log1p(abs(amount[at]))
        _tell_time(out, now_s, log_amount)
        _compare_amount(out, row, log_amount)
        out[13] = np.log1p(min(abs(elapsed_s), _SINCE_CAP_S) if known else _SINCE_CAP_S)
        out[14] = _meet(row.counterparties, np.uint32(counterparty_hash[at] >> np.uint64(32)))
        _compare_place(out, row, instrument[at], place[at], latitude[at], longitude[at], abs(elapsed_s))
        _count(out, row, half_lives_s, log_amount, elapsed_s)
        if not known or elapsed_s >= 0.0:
            _remember(row, now_s, instrument[at], place[at], latitude[at], longitude[at])


@kernel
def _clear(row: Row) -> None:
    row.count[:] = 0.0
    row.total[:] = 0.0
    row.square = 0.0
    row.last_s = 0.0
    row.latitude = np.float32(np.nan)
    row.longitude = np.float32(np.nan)
    row.place = np.uint32(0)
    row.instrument = np.uint32(0)
    row.ids[:] = np.uint64(0)
    row.counterparties[:] = np.uint32(0)


@kernel
def _contains(ring: Any, value: int) -> bool:
    for place in range(len(ring)):  # noqa: SIM110 - numba compiles no generator expressions
        if ring[place] == value:
            return True
    return False


@kernel
def _push(ring: Any, value: Any, last: int) -> None:
    for place in range(last, 0, -1):
        ring[place] = ring[place - 1]
    ring[0] = value


@kernel
def _meet(ring: npt.NDArray[np.uint32], value: np.uint32) -> float:
    # Distinct values, the last met first.
    for place in range(len(ring)):
        if ring[place] == value:
            _push(ring, value, place)
            return 0.0
    _push(ring, value, len(ring) - 1)
    return 1.0


@kernel
def _tell_time(out: npt.NDArray[np.float32], now_s: float, log_amount: float) -> None:
    angle = 2.0 * np.pi * (now_s % _DAY_S) / _DAY_S
    # The epoch began on a Thursday.
    weekday = (np.floor(now_s / _DAY_S) + 3.0) % 7.0
    out[0] = log_amount
    out[1] = np.sin(angle)
    out[2] = np.cos(angle)
    out[3] = 1.0 if weekday >= 5.0 else 0.0


@kernel
def _compare_amount(out: npt.NDArray[np.float32], row: Row, log_amount: float) -> None:
    count = row.count[3]
    if count == 0.0:
        return
    mean = row.total[3] / count
    variance = max(row.square / count - mean * mean, 0.0)
    out[11] = log_amount - mean
    out[12] = (log_amount - mean) / np.sqrt((count * variance + _PRIOR_VARIANCE) / (count + 1.0))


@kernel
def _compare_place(
    out: npt.NDArray[np.float32],
    row: Row,
    instrument: np.uint32,
    place: np.uint32,
    latitude: np.float32,
    longitude: np.float32,
    elapsed_s: float,
) -> None:
    out[15] = 1.0 if instrument != 0 and row.instrument != 0 and instrument != row.instrument else 0.0  # noqa: PLR1714 - compiled
    out[16] = 1.0 if place != 0 and row.place != 0 and place != row.place else 0.0  # noqa: PLR1714 - compiled
    distance_km = _distance_km(row.latitude, row.longitude, latitude, longitude)
    if not np.isnan(distance_km):
        out[17] = np.log1p(distance_km)
        out[18] = np.log1p(distance_km / max(elapsed_s / 3600.0, _SHORTEST_TRIP_H))


@kernel
def _distance_km(latitude_a: float, longitude_a: float, latitude_b: Any, longitude_b: Any) -> float:
    # The haversine formula.
    a, b = np.radians(float(latitude_a)), np.radians(float(latitude_b))
    across = np.radians(float(longitude_b) - float(longitude_a))
    half = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(across / 2) ** 2
    return float(2 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(min(half, 1.0))))


@kernel
def _count(out: npt.NDArray[np.float32], row: Row, half_lives_s: Floats, log_amount: float, elapsed_s: float) -> None:
    behind_s = max(-elapsed_s, 0.0)
    if elapsed_s > 0.0:
        move_to(row.count, half_lives_s, elapsed_s)
        move_to(row.total, half_lives_s, elapsed_s)
        row.square *= 2.0 ** (-elapsed_s / half_lives_s[3])
    add(row.count, half_lives_s, behind_s, 1.0)
    add(row.total, half_lives_s, behind_s, log_amount)
    row.square += log_amount * log_amount * 2.0 ** (-behind_s / half_lives_s[3])
    for window in range(4):
        out[_FIRST_COLUMN_OF_COUNTS + window] = np.log1p(row.count[window])
    for window in range(1, 4):
        out[7 + window] = row.total[window] / row.count[window] if row.count[window] > 0.0 else log_amount


@kernel
def _remember(
    row: Row, now_s: float, instrument: np.uint32, place: np.uint32, latitude: np.float32, longitude: np.float32
) -> None:
    row.last_s = now_s
    if instrument != 0:
        row.instrument = instrument
    if place != 0:
        row.place = place
    if not np.isnan(latitude):
        row.latitude = latitude
        row.longitude = longitude

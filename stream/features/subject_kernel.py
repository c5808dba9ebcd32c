"""The compiled pass over subjects: features of an event from its subject's row, then the row's change."""

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

# Columns of the subject's part; a test holds them against the specification.
LOG_AMOUNT, HOUR_SIN, HOUR_COS, WEEKEND, COUNT, MEAN = 0, 1, 2, 3, 4, 8
MEAN_DRIFT, VS_MEAN, VS_SPREAD, VS_LOG_SPREAD, LARGE = 11, 12, 13, 14, 15
SINCE_LAST, PAIR_NEW, INSTRUMENT_CHANGED, PLACE_CHANGED, DISTANCE, SPEED = 18, 19, 20, 21, 22, 23

_DAY_S = 86400.0
# An amount is large where it is this many times the subject's mean before it.
_LARGE_RATIO = 3.0
# Keeps the logarithm of the ratio finite; the specification tells the ratio back from it.
_RATIO_OFFSET = 0.1
# One prior event with these deviations, so that a subject's second event has a scale.
_PRIOR_LOG_VARIANCE = 0.25
_PRIOR_SPREAD_OF_MEAN = 0.5
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
        high = np.uint32(event_hash[at] >> np.uint64(32))
        low = np.uint16((event_hash[at] >> np.uint64(16)) & np.uint64(0xFFFF))
        if _seen(row, high, low):
            repeats[at] = True
            continue
        _push(row.ids_high, high, _LAST_IDS - 1)
        _push(row.ids_low, low, _LAST_IDS - 1)
        out = features[at]
        now_s = occurred_at_s[at]
        known = row.count[3] > 0.0
        elapsed_s = now_s - row.last_s if known else 0.0
        if elapsed_s > 0.0:
            _move(row, half_lives_s, elapsed_s)
        size = abs(amount[at])
        log_amount = np.sign(amount[at]) * np.log1p(size)
        _tell_time(out, now_s, log_amount)
        ratio = _compare_amount(out, row, size, log_amount)
        out[SINCE_LAST] = np.log1p(min(abs(elapsed_s), _SINCE_CAP_S) if known else _SINCE_CAP_S)
        out[PAIR_NEW] = _meet(row.counterparties, np.uint32(counterparty_hash[at] >> np.uint64(32)))
        _compare_place(out, row, instrument[at], place[at], latitude[at], longitude[at], abs(elapsed_s))
        _add(row, half_lives_s, max(-elapsed_s, 0.0), size, log_amount, ratio)
        _tell_windows(out, row, size)
        if not known or elapsed_s >= 0.0:
            _remember(row, now_s, instrument[at], place[at], latitude[at], longitude[at])


@kernel
def _clear(row: Row) -> None:
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
def _seen(row: Row, high: np.uint32, low: np.uint16) -> bool:
    for place in range(_LAST_IDS):  # noqa: SIM110 - numba compiles no generators
        if row.ids_high[place] == high and row.ids_low[place] == low:
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
    out[LOG_AMOUNT] = log_amount
    out[HOUR_SIN] = np.sin(angle)
    out[HOUR_COS] = np.cos(angle)
    out[WEEKEND] = 1.0 if weekday >= 5.0 else 0.0


@kernel
def _compare_amount(out: npt.NDArray[np.float32], row: Row, size: float, log_amount: float) -> float:
    """Fill the comparisons with what was before; return the amount's ratio to the mean, 1 if unknown."""
    for window in range(3):
        out[LARGE + window] = np.log1p(row.large[window])
    count = row.count[3]
    if count <= 0.0 or row.total[2] <= 0.0:
        return 1.0
    mean = row.total[2] / count
    variance = max(row.square / count - mean * mean, 0.0)
    spread = np.sqrt((count * variance + (_PRIOR_SPREAD_OF_MEAN * mean) ** 2) / (count + 1.0))
    log_mean = row.log_total / count
    log_variance = max(row.log_square / count - log_mean * log_mean, 0.0)
    log_spread = np.sqrt((count * log_variance + _PRIOR_LOG_VARIANCE) / (count + 1.0))
    out[VS_MEAN] = np.log((size / mean + _RATIO_OFFSET) / (1.0 + _RATIO_OFFSET))
    out[VS_SPREAD] = (size - mean) / max(spread, 1e-9)
    out[VS_LOG_SPREAD] = (log_amount - log_mean) / log_spread
    return float(size / mean)


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
    out[INSTRUMENT_CHANGED] = 1.0 if instrument != 0 and row.instrument != 0 and instrument != row.instrument else 0.0  # noqa: PLR1714 - compiled
    out[PLACE_CHANGED] = 1.0 if place != 0 and row.place != 0 and place != row.place else 0.0  # noqa: PLR1714 - compiled
    distance_km = _distance_km(row.latitude, row.longitude, latitude, longitude)
    if not np.isnan(distance_km):
        out[DISTANCE] = np.log1p(distance_km)
        out[SPEED] = np.log1p(distance_km / max(elapsed_s / 3600.0, _SHORTEST_TRIP_H))


@kernel
def _distance_km(latitude_a: float, longitude_a: float, latitude_b: Any, longitude_b: Any) -> float:
    # The haversine formula.
    a, b = np.radians(float(latitude_a)), np.radians(float(latitude_b))
    across = np.radians(float(longitude_b) - float(longitude_a))
    half = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(across / 2) ** 2
    return float(2 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(min(half, 1.0))))


@kernel
def _move(row: Row, half_lives_s: Floats, elapsed_s: float) -> None:
    move_to(row.count, half_lives_s, elapsed_s)
    move_to(row.total, half_lives_s[1:], elapsed_s)
    move_to(row.large, half_lives_s[1:], elapsed_s)
    weight = decay(elapsed_s, half_lives_s[3])
    row.square *= weight
    row.log_total *= weight
    row.log_square *= weight


@kernel
def _add(row: Row, half_lives_s: Floats, behind_s: float, size: float, log_amount: float, ratio: float) -> None:
    add(row.count, half_lives_s, behind_s, 1.0)
    add(row.total, half_lives_s[1:], behind_s, size)
    if ratio > _LARGE_RATIO:
        add(row.large, half_lives_s[1:], behind_s, 1.0)
    weight = decay(behind_s, half_lives_s[3])
    row.square += weight * size * size
    row.log_total += weight * log_amount
    row.log_square += weight * log_amount * log_amount


@kernel
def _tell_windows(out: npt.NDArray[np.float32], row: Row, size: float) -> None:
    for window in range(4):
        out[COUNT + window] = np.log1p(row.count[window])
    for window in range(3):
        count = row.count[window + 1]
        out[MEAN + window] = np.log1p(row.total[window] / count if count > 0.0 else size)
    out[MEAN_DRIFT] = out[MEAN + 1] - out[MEAN + 2]


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

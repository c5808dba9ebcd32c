"""The compiled pass over subjects: features of an event from its subject's row, then the row's change."""

from typing import Any

import numpy as np
import numpy.typing as npt

from stream.features.kernel import kernel
from stream.features.roundness import zeros_of
from stream.features.subject_row import (
    MOST_AGE_H,
    add_event,
    clear,
    find,
    hours_since,
    keep_id,
    meet_counterparty,
    move,
    remember,
    seen_before,
    settle,
)

# Columns of the subject's part; a test holds them against the specification.
LOG_AMOUNT, HOUR_SIN, HOUR_COS, WEEKEND, COUNT, MEAN = 0, 1, 2, 3, 4, 8
MEAN_DRIFT, VS_MEAN, VS_SPREAD, VS_LOG_SPREAD, LARGE = 11, 12, 13, 14, 15
SINCE_LAST, PAIR_NEW, INSTRUMENT_CHANGED, PLACE_CHANGED, DISTANCE, SPEED = 18, 19, 20, 21, 22, 23
INSTRUMENT_AGE, SINCE_PAIR_MET, PAIR_EVENTS, FROM_HOME, UNUSUAL_HOUR, AMOUNT_ZEROS = 24, 25, 26, 27, 28, 29

_DAY_S = 86400.0
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
            clear(row)
        high = np.uint32(event_hash[at] >> np.uint64(32))
        low = np.uint16((event_hash[at] >> np.uint64(16)) & np.uint64(0xFFFF))
        if seen_before(row, high, low):
            repeats[at] = True
            continue
        keep_id(row, high, low)
        out = features[at]
        now_s = occurred_at_s[at]
        known = row.count[3] > 0.0
        elapsed_s = now_s - row.last_s if known else 0.0
        if elapsed_s > 0.0:
            move(row, half_lives_s, elapsed_s)
        size = abs(amount[at])
        log_amount = np.sign(amount[at]) * np.log1p(size)
        angle = 2.0 * np.pi * (now_s % _DAY_S) / _DAY_S
        hour_sin, hour_cos = np.sin(angle), np.cos(angle)
        _tell_time(out, row, now_s, hour_sin, hour_cos, log_amount)
        out[AMOUNT_ZEROS] = zeros_of(size)
        ratio = _compare_amount(out, row, size, log_amount)
        out[SINCE_LAST] = np.log1p(min(abs(elapsed_s), _SINCE_CAP_S) if known else _SINCE_CAP_S)
        _meet(out, row, np.uint32(counterparty_hash[at] >> np.uint64(32)), now_s)
        _compare_instrument(out, row, instrument[at], now_s)
        _compare_place(out, row, place[at], latitude[at], longitude[at], abs(elapsed_s))
        add_event(row, half_lives_s, max(-elapsed_s, 0.0), size, log_amount, ratio, hour_sin, hour_cos)
        _tell_windows(out, row, size)
        if not known or elapsed_s >= 0.0:
            remember(row, now_s, instrument[at], place[at], latitude[at], longitude[at])


@kernel
def _tell_time(
    out: npt.NDArray[np.float32], row: Row, now_s: float, hour_sin: float, hour_cos: float, log_amount: float
) -> None:
    # The epoch began on a Thursday.
    weekday = (np.floor(now_s / _DAY_S) + 3.0) % 7.0
    out[LOG_AMOUNT] = log_amount
    out[HOUR_SIN] = hour_sin
    out[HOUR_COS] = hour_cos
    out[WEEKEND] = 1.0 if weekday >= 5.0 else 0.0
    # -1 at the hour of all events before, 0 where they have none or there are few, 1 opposite to it.
    known = row.count[3] / (row.count[3] + 1.0)
    out[UNUSUAL_HOUR] = -known * (hour_sin * row.hour_sin + hour_cos * row.hour_cos)


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
def _meet(out: npt.NDArray[np.float32], row: Row, counterparty: np.uint32, now_s: float) -> None:
    found = find(row.counterparties, counterparty)
    out[PAIR_NEW] = 1.0 if found < 0 else 0.0
    if found >= 0:
        out[SINCE_PAIR_MET] = np.log1p(float(hours_since(row.counterparty_met[found], now_s)))
        out[PAIR_EVENTS] = np.log1p(float(row.counterparty_events[found]))
    meet_counterparty(row, found, counterparty, now_s)


@kernel
def _compare_instrument(out: npt.NDArray[np.float32], row: Row, instrument: np.uint32, now_s: float) -> None:
    if instrument == 0:
        # Nobody is to wonder at what is not named.
        out[INSTRUMENT_AGE] = np.log1p(float(MOST_AGE_H))
        return
    out[INSTRUMENT_CHANGED] = 1.0 if row.instruments[0] != 0 and instrument != row.instruments[0] else 0.0
    found = find(row.instruments, instrument)
    if found >= 0:
        out[INSTRUMENT_AGE] = np.log1p(float(hours_since(row.instrument_met[found], now_s)))


@kernel
def _compare_place(
    out: npt.NDArray[np.float32],
    row: Row,
    place: np.uint32,
    latitude: np.float32,
    longitude: np.float32,
    elapsed_s: float,
) -> None:
    out[PLACE_CHANGED] = 1.0 if place != 0 and row.place != 0 and place != row.place else 0.0  # noqa: PLR1714 - compiled
    distance_km = _distance_km(row.latitude, row.longitude, latitude, longitude)
    if not np.isnan(distance_km):
        out[DISTANCE] = np.log1p(distance_km)
        out[SPEED] = np.log1p(distance_km / max(elapsed_s / 3600.0, _SHORTEST_TRIP_H))
    if not np.isnan(latitude) and not np.isnan(longitude):
        from_home_km = _distance_km(row.home_latitude, row.home_longitude, latitude, longitude)
        out[FROM_HOME] = 0.0 if np.isnan(from_home_km) else np.log1p(from_home_km)
        settle(row, latitude, longitude)


@kernel
def _distance_km(latitude_a: float, longitude_a: float, latitude_b: Any, longitude_b: Any) -> float:
    # Most subjects stay where they are.
    if latitude_a == latitude_b and longitude_a == longitude_b:
        return 0.0
    # The haversine formula.
    a, b = np.radians(float(latitude_a)), np.radians(float(latitude_b))
    across = np.radians(float(longitude_b) - float(longitude_a))
    half = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(across / 2) ** 2
    return float(2 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(min(half, 1.0))))


@kernel
def _tell_windows(out: npt.NDArray[np.float32], row: Row, size: float) -> None:
    for window in range(4):
        out[COUNT + window] = np.log1p(row.count[window])
    for window in range(3):
        count = row.count[window + 1]
        out[MEAN + window] = np.log1p(row.total[window] / count if count > 0.0 else size)
    out[MEAN_DRIFT] = out[MEAN + 1] - out[MEAN + 2]

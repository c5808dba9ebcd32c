"""Compiled reading of the commonest forms of ISO 8601: 2026-01-05T12:34:56, then .123 or .123456, then a zone.

Whatever else `datetime.fromisoformat` takes (weeks, no separators, seconds of zones) is left to it.
"""

from collections.abc import Sequence

import numba
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

_DAY_S = 86_400
_SHORTEST = len("2026-01-05T12:34:56")
_ZONE = len("+00:00")
# Where a time without fraction has other signs than digits.
_SEPARATORS = np.frombuffer(b"0000-00-00T00:00:00", np.uint8)
_DOT, _COLON, _PLUS, _MINUS, _Z, _T, _SPACE, _ZERO = (ord(sign) for sign in ".:+-ZT 0")
# Beyond, microseconds are no exact floats.
_LAST_YEAR = 2200
_NO_TIME = -(2**62)


def read_iso_times(texts: Sequence[str], *, naive: bool) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return the times that are of those forms, and which are.

    Args:
        texts: Of any form.
        naive: Whether a time without a zone is one of UTC; otherwise it is none of those forms.

    Returns:
        Epoch seconds float64 [n], as `datetime.timestamp` gives them, and bool [n].
    """
    times_s, read = np.zeros(len(texts)), np.zeros(len(texts), np.bool_)
    joined = "".join(texts)
    if joined.isascii():
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        _read_all(np.frombuffer(joined.encode(), np.uint8), lengths, naive, times_s, read)
    return times_s, read


@numba.njit(cache=True, nogil=True)
def _read_all(
    raw: Bytes,
    lengths: npt.NDArray[np.int64],
    naive: bool,  # noqa: FBT001 - numba takes arguments by place
    times_s: npt.NDArray[np.float64],
    read: npt.NDArray[np.bool_],
) -> None:
    start = 0
    for at in range(len(lengths)):
        text = raw[start : start + lengths[at]]
        start += lengths[at]
        if len(text) < _SHORTEST or not _has_form(text):
            continue
        micros, end = _fraction(text)
        zone_s, has_zone, fits = _zone(text[end:])
        if micros < 0 or not fits or not (has_zone or naive):
            continue
        second = _second(text)
        if second == _NO_TIME:
            continue
        times_s[at] = ((second - zone_s) * 1_000_000 + micros) / 1_000_000
        read[at] = True


@numba.njit(cache=True, nogil=True)
def _digits(text: Bytes, start: int, end: int) -> int:
    """Return the number that the digits make, -1 where there are others."""
    number = 0
    for at in range(start, end):
        digit = int(text[at]) - _ZERO
        if not 0 <= digit <= 9:
            return -1
        number = number * 10 + digit
    return number


@numba.njit(cache=True, nogil=True)
def _has_form(text: Bytes) -> bool:
    for at in (4, 7, 13, 16):
        if text[at] != _SEPARATORS[at]:
            return False
    return bool(text[10] == _T or text[10] == _SPACE)


@numba.njit(cache=True, nogil=True)
def _second(text: Bytes) -> int:
    """Return the second since the epoch of a date and time without zone."""
    year, month, day = _digits(text, 0, 4), _digits(text, 5, 7), _digits(text, 8, 10)
    hour, minute, second = _digits(text, 11, 13), _digits(text, 14, 16), _digits(text, 17, 19)
    if not (1900 <= year <= _LAST_YEAR and 1 <= month <= 12 and 0 <= hour <= 23):
        return _NO_TIME
    if not (0 <= minute <= 59 and 0 <= second <= 59 and 1 <= day <= _days_of(year, month)):
        return _NO_TIME
    found: int = _day_number(year, month, day) * _DAY_S + hour * 3_600 + minute * 60 + second
    return found


@numba.njit(cache=True, nogil=True)
def _days_of(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in {4, 6, 9, 11} else 31


@numba.njit(cache=True, nogil=True)
def _day_number(year: int, month: int, day: int) -> int:
    """Return days since the epoch (Hinnant, "chrono-compatible low-level date algorithms", days_from_civil)."""
    # Years begin in March, so that the day that is there or not comes last.
    shifted = year if month > 2 else year - 1
    era = shifted // 400
    of_era = shifted - era * 400
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


@numba.njit(cache=True, nogil=True)
def _fraction(text: Bytes) -> tuple[int, int]:
    """Return the microseconds, -1 where they are of another form, and where the zone begins."""
    if len(text) == _SHORTEST or text[_SHORTEST] != _DOT:
        return 0, _SHORTEST
    end = _SHORTEST + 1
    while end < len(text) and _ZERO <= text[end] <= _ZERO + 9:
        end += 1
    digits = end - _SHORTEST - 1
    if digits == 3:
        return _digits(text, _SHORTEST + 1, end) * 1_000, end
    return (_digits(text, _SHORTEST + 1, end) if digits == 6 else -1), end


@numba.njit(cache=True, nogil=True)
def _zone(text: Bytes) -> tuple[int, bool, bool]:
    """Return seconds ahead of UTC, whether there is a zone, and whether it is of a common form or none."""
    if len(text) == 0:
        return 0, False, True
    if len(text) == 1 and text[0] == _Z:
        return 0, True, True
    if len(text) != _ZONE or text[3] != _COLON or (text[0] != _PLUS and text[0] != _MINUS):
        return 0, False, False
    hours, minutes = _digits(text, 1, 3), _digits(text, 4, 6)
    if not (0 <= hours <= 23 and 0 <= minutes <= 59):
        return 0, False, False
    seconds = hours * 3_600 + minutes * 60
    return (seconds if text[0] == _PLUS else -seconds), True, True

"""Durations as people write them: `7d`, `12h`, `30m`, `45s`."""

import re

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_FORM = re.compile(r"^\s*(\d{1,12}(?:\.\d{1,6})?)\s*([smhdw])\s*$", re.ASCII)
_LONGEST_S = 36_525 * 86_400.0


def parse_duration_s(text: object) -> float:
    """Return a duration in seconds.

    Args:
        text: A number with one of the units s, m, h, d, w; at most a hundred years.

    Raises:
        ValueError: It is not of that form.

    Example:
        >>> parse_duration_s("12h")
        43200.0
    """
    found = _FORM.match(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("must be a number with a unit: 45s, 30m, 12h, 7d or 2w")
    seconds = float(found[1]) * _UNITS_S[found[2]]
    if seconds > _LONGEST_S:
        raise ValueError("must be at most a hundred years (36525d)")
    return seconds

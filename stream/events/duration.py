"""Durations as people write them: `7d`, `12h`, `30m`, `45s`."""

import re

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_FORM = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*$")


def parse_duration_s(text: object) -> float:
    """Return a duration in seconds.

    Args:
        text: A number with one of the units s, m, h, d, w.

    Raises:
        ValueError: It is not of that form.
    """
    found = _FORM.match(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("must be a number with a unit: 45s, 30m, 12h, 7d or 2w")
    return float(found[1]) * _UNITS_S[found[2]]

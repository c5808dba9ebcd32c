"""Durations as line files write them."""

import pytest

from stream.events.duration import parse_duration_s


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("45s", 45), ("1.5m", 90), ("12h", 43_200), ("7d", 604_800), (" 2 w ", 1_209_600)]
)
def test_a_number_with_a_unit_is_a_duration(text, seconds):
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "7", "d", "-1d", "7 days", "1e3s", "\u0667d", "40000d", "9" * 400 + "s", 7, None, True]
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="must be"):
        parse_duration_s(text)

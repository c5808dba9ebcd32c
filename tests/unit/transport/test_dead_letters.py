import pytest

from stream.errors import ForeshotError
from stream.events.decode import Rejected, SourceRecord
from stream.transport.dead_letters import DeadLetterLimit, dead_letter


def test_a_dead_letter_keeps_the_bytes_and_says_where_they_came_from():
    made = dead_letter(Rejected(SourceRecord("t", 3, 14, None, b"\xff", 0), "unreadable", None, "not JSON"), 64)
    assert made.value == b"\xff"
    assert dict(made.headers) == {
        "reason": b"unreadable", "field": b"", "detail": b"not JSON", "topic": b"t", "partition": b"3", "offset": b"14",
    }  # fmt: skip


def test_a_share_below_the_limit_goes_on_and_one_above_it_stops():
    limit = DeadLetterLimit(0.5, 1_000)
    limit.take(200, 100, "t")
    with pytest.raises(ForeshotError, match="101 of the last 201 records"):
        limit.take(1, 1, "t")


def test_old_runs_leave_the_window():
    limit = DeadLetterLimit(0.5, 200)
    limit.take(150, 70, "t")
    for _ in range(4):
        limit.take(100, 0, "t")
    limit.take(100, 90, "t")


def test_a_dead_letter_is_cut_where_it_is_too_long_and_says_how_long_it_was():
    source = SourceRecord("t", 3, 14, b"k" * 1_000_000, b"v" * 100_000, 0)
    made = dead_letter(Rejected(source, "oversized", "f" * 5_000, "d" * 5_000), 65_536)
    headers = dict(made.headers)
    assert (len(made.key), made.value) == (1_024, b"v" * 65_536)
    assert (headers["key-bytes"], headers["value-bytes"]) == (b"1000000", b"100000")
    assert (len(headers["field"]), len(headers["detail"])) == (1_024, 1_024)


def test_what_a_dead_letter_says_has_no_control_characters():
    source = SourceRecord("t", 0, 0, None, None, 0)
    headers = dict(dead_letter(Rejected(source, "bad_value", "a\nb", "\x1b[2J \ud800 \u2028"), 64).headers)
    assert headers["field"] == b"a\\nb"
    assert headers["detail"] == b"\\x1b[2J \\ud800 \\u2028"

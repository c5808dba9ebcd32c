"""A compiled parser takes from an event what a dictionary gives."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.events.field_parser import FieldParser

PATHS = ["amount", "id", "place", "time"]
GOOD = '{"id":"a-1","time":"2026-01-05T00:01:33.317+00:00","amount":4.7,"place":"Orléans \\u00e9 😀","note":[1]}'
MOST_BYTES = 10_000

WORDS = b'" \\ \\u \\ud800 \\udc00 { } [ ] , : 0 - e400 . + null true NaN /* "id": 99999999999999999999 1e-400'
RAW = [b" ", b"\n", b"\x00", b"\x1f", b"\x7f", b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xe2\x80\xa8", b"\xef\xbb\xbf"]
PIECES = st.sampled_from([*WORDS.split(), *RAW])


def expected(values):
    """Return what dictionaries say."""
    found = [loaded(value) for value in values]
    rows = [row for row, event in enumerate(found) if type(event) is dict]
    return rows, [tuple(repr(found[row].get(path)) for path in PATHS) for row in rows]


def loaded(value):
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None


def parsed(parser, values):
    rows, fields = parser.parse(values, MOST_BYTES)
    return rows, [tuple(map(repr, one)) for one in fields]


@pytest.mark.parametrize(
    "value",
    [
        b'{"id":18446744073709551615}',
        b'{"id":18446744073709551616}',
        b'{"id":-9223372036854775809,"amount":123456789012345678901234567890}',
        b'{"id":{"a":99999999999999999999},"amount":[99999999999999999999]}',
        b'{"id":1e400}',
        b'{"id":-0,"amount":-0.0,"time":1e-400}',
        b'{"id":9007199254740993.0,"amount":2.2250738585072011e-308}',
        b'{"id":"a","id":"b"}',
        b'{"\\u0069d":5}',
        b'{"id":"\\u0000"}',
        b'{"id":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"id":' + b"[" * 2_000 + b"]" * 2_000 + b"}",
        b'{"id":true,"amount":false,"time":null}',
        b" {} ",
        b'{"id":1}x',
        b"[1]",
        b"null",
        b"",
    ],
)
def test_what_is_unusual_is_read_as_by_a_dictionary(value):
    assert parsed(FieldParser(PATHS), [value]) == expected([value])


@given(
    st.lists(
        st.tuples(st.integers(0, len(GOOD.encode())), st.integers(0, 4), PIECES | st.binary(max_size=2)), max_size=3
    )
)
def test_damaged_events_are_read_as_by_a_dictionary(damages):
    value = GOOD.encode()
    for at, length, piece in damages:
        value = value[:at] + piece + value[at + length :]
    parser = FieldParser(PATHS)
    # Twice: by then it has learnt what other fields there are.
    for _ in range(2):
        assert parsed(parser, [GOOD.encode(), value]) == expected([GOOD.encode(), value])


@given(st.lists(st.from_regex(rb"-?[0-9]{0,25}(\\.[0-9]{0,5})?([eE][+-]?[0-9]{0,3})?", fullmatch=True), max_size=8))
def test_numbers_are_those_of_a_dictionary(numbers):
    values = [b'{"amount":' + number + b',"time":' + number + b"}" for number in numbers]
    assert parsed(FieldParser(PATHS), values) == expected(values)


def test_what_was_parsed_before_changes_nothing():
    # A list of integers that orjson refuses, in a field that no line reads.
    value = b'{"id":"a","note":[' + b"9" * 400 + b"]}"
    for before in ([], [value] * 32, [b'{"id":"a","note":"x"}'] * 32, [b'{"id":"a","note":[1]}'] * 32):
        parser = FieldParser(PATHS)
        parser.parse(before, MOST_BYTES)
        assert parsed(parser, [value]) == expected([value]) == ([], [])


def test_fields_that_no_line_reads_are_learnt_and_left_out():
    parser = FieldParser(PATHS)
    values = [orjson.dumps({"id": f"a-{at}", "größe": 7, "note": "-"}) for at in range(20)]
    for _ in range(2):
        assert parser.parse(values, MOST_BYTES)[1] == [(None, f"a-{at}", None, None) for at in range(20)]
    assert parser.names == (*PATHS, "größe", "note")


def test_names_that_few_events_have_are_not_learnt_and_those_of_former_events_make_room():
    parser = FieldParser(PATHS)
    rare = [orjson.dumps({"id": "a", f"rare{at}": 1}) for at in range(100)]
    parser.parse(rare, MOST_BYTES)
    assert parser.names == tuple(PATHS)
    parser = FieldParser(PATHS)
    for turn in range(10):
        value = orjson.dumps({"id": "a", "x" * 200: 1, 'odd "name"': 1} | {f"turn{turn}-{at}": 1 for at in range(20)})
        parser.parse([value] * 8, MOST_BYTES)
        assert len(parser.names) <= 64
        assert f"turn{turn}-0" in parser.names


def test_where_events_hold_objects_it_reads_dictionaries_for_a_while_then_tries_again():
    parser = FieldParser(PATHS)
    nested = b'{"id":"a","device":{"os":"x"}}'
    for _ in range(120):
        assert parser.parse([nested] * 10, MOST_BYTES)[1] == [(None, "a", None, None)] * 10
    flat = [b'{"id":"b","other":1}'] * 10
    for _ in range(120):
        assert parser.parse(flat, MOST_BYTES)[1] == [(None, "b", None, None)] * 10
    assert "other" in parser.names


def test_what_is_too_large_or_nothing_is_left_out():
    assert FieldParser(PATHS).parse([None, b'{"id":1}', b'{"id":"' + b"x" * 20 + b'"}'], 10) == (
        [1],
        [(None, 1, None, None)],
    )


def test_dotted_paths_are_followed():
    values = [b'{"device":{"id":7},"id":"a"}', b'{"device":7,"id":"b"}']
    assert FieldParser(["device.id", "id"]).parse(values, MOST_BYTES) == ([0, 1], [(7, "a"), (None, "b")])

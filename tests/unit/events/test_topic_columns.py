"""Reading role by role gives what reading event by event gives, whatever the events are."""

import random
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from functools import cache

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.clock import FixedClock
from stream.events.decode import Decoder
from stream.events.event_batch import EventBatch
from stream.events.iso_times import read_iso_times
from stream.events.utc_texts import utc_texts
from tests.builders.events import NOON, NOON_S, a_line, a_record, an_event
from tests.faults.hostile_corpus import drawn, hostile

PLACE = {"field": "place", "latitude": "lat", "longitude": "lon"}
RICH = {"currency": "currency", "place": PLACE, "instrument": "device.id", "channel": "channel", "text": "text"}
WEB = {**RICH, "subject": {"fields": ["card", "shop"], "join": "/"}, "counterparty": {"constant": "web"}}
TOKYO = {"field": "time", "timezone": "Asia/Tokyo"}
WORLDS = {
    "one plain line": [a_line()],
    "one rich line": [a_line(roles=RICH)],
    "refunds, joined names": [a_line(roles=WEB, allow_negative=True)],
    "minor units, another zone": [a_line(roles={"amount": {"field": "amount", "unit": "minor"}, "occurred_at": TOKYO})],
    "seconds": [a_line(roles={"occurred_at": {"field": "time", "format": "epoch_s"}})],
    "milliseconds": [a_line(roles={"occurred_at": {"field": "time", "format": "epoch_ms"}})],
    "a pattern": [a_line(roles={"occurred_at": {"field": "time", "format": "%Y-%m-%dT%H:%M:%S"}})],
    "lines by a name": [
        a_line(line="cards", match={"product": "cards"}),
        a_line(line="wallets", match={"product": "wallets"}),
        a_line(line="refunds", match={"product": 7}, roles=RICH, allow_negative=True, currency="JPY"),
    ],
    "lines by different fields": [
        a_line(line="web", match={"channel": "web"}, max_future="1h"),
        a_line(line="rich", match={"product": True, "channel": "shop"}, roles=RICH),
        a_line(line="others"),
    ],
}
MOST_BYTES = 2_000

TEXTS = st.text(max_size=6) | st.sampled_from(["EUR", "KWD", "", "a\x7f", "x" * 257, "€", "\u2028", "web", "cards"])
ZONES = st.sampled_from([None, *(timezone(timedelta(minutes=one)) for one in (0, 330, -570, 1_439))])
MOMENTS = st.builds(
    datetime.isoformat,
    st.datetimes(datetime(1899, 1, 1), datetime(2400, 1, 1), timezones=ZONES),  # noqa: DTZ001 - naive ones as well
    st.sampled_from("T -"),
    st.sampled_from(["auto", "milliseconds", "seconds", "minutes"]),
)
ODD_TIMES = ["", "+0000", ",5", ".1", ".1234567", "+00:00:01", "-23:59", "z", " ", "Z"]
TIMES = (
    MOMENTS
    | st.sampled_from([NOON + end for end in ODD_TIMES] + ["2024-02-29", "20240229T12", "2023-11-14T22:13"])
    | st.floats(-3e9, 3e12)
    | st.integers(-(2**63), 2**64 - 1)
)
AMOUNTS = (
    st.floats(-1e16, 1e16, allow_nan=False)
    | st.integers(-(10**16), 10**16)
    | st.integers(-(10**7), 10**7).map(lambda halves: halves / 200)
    | st.decimals(-(10**14), 10**14, places=3).map(str)
)
ANY = st.none() | st.booleans() | st.lists(st.integers(0, 9), max_size=1)
NUMBERS = st.integers(-200, 200) | st.floats(-200, 200)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "id": TEXTS | NUMBERS | ANY,
        "time": TIMES | TEXTS | ANY,
        "card": TEXTS | NUMBERS | ANY,
        "shop": TEXTS | NUMBERS | ANY,
        "amount": AMOUNTS | TEXTS | ANY,
        "currency": st.sampled_from(["EUR", "KWD", "JPY"]) | TEXTS | ANY,
        "lat": NUMBERS | st.floats() | ANY,
        "lon": NUMBERS | ANY,
        "place": TEXTS | ANY,
        "device": st.fixed_dictionaries({"id": TEXTS | NUMBERS | ANY}) | TEXTS | ANY,
        "product": st.sampled_from(["cards", "wallets", 7, 7.0, True]) | ANY,
        "channel": st.sampled_from(["web", "shop", "w" * 5_000]) | ANY,
        "text": TEXTS | st.just("x" * 1_000) | ANY,
    },
)


def assert_same(lines, records, clock_s=NOON_S):
    decoder = Decoder({line.name: line for line in lines}, FixedClock(clock_s), MOST_BYTES)
    batch, rejected = decoder.decode(records)
    expected, _, refused = decoder._one_by_one(records, np.arange(len(records)), clock_s)
    assert rejected == refused
    for field in fields(EventBatch):
        found, wanted = getattr(batch, field.name), getattr(expected, field.name)
        if isinstance(wanted, list):
            assert found == wanted, field.name
        else:
            assert found.dtype == wanted.dtype
            np.testing.assert_array_equal(found, wanted, field.name)
    return batch, rejected


def mixed(hostile_values):
    """Return records in which every third is a good event."""
    good = (orjson.dumps(a_good_one(at)) for at in range(10**6))
    values = [value for one in hostile_values for value in (one, next(good), next(good))]
    return [a_record(value, at) for at, value in enumerate(values)]


@cache
def corpus():
    fields_drawn = ["id", "time", "card", "shop", "amount", "lat", "product"]
    made = [*hostile(random.Random(3), 600, a_good_one, huge_every=0), *drawn(fields_drawn, 200, 5)]
    return [one.value for one in made]


def a_good_one(at):
    return an_event(id=f"good-{at}", product=["cards", "wallets", 7][at % 3], channel="web", amount=at + 0.5, text="hi")


@pytest.mark.parametrize("name", WORLDS)
def test_hostile_events_among_good_ones_are_read_or_refused_as_one_by_one(name):
    records = mixed(corpus())
    refused = 0
    # In small batches, so that what is wrong with one event does not hide what is wrong with another.
    for start in range(0, len(records), 12):
        refused += len(assert_same(WORLDS[name], records[start : start + 12])[1])
    assert refused


@settings(max_examples=200)
@given(st.sampled_from(sorted(WORLDS)), st.lists(CHANGES, min_size=1, max_size=3))
def test_any_values_in_the_fields_are_read_as_one_by_one(name, changes):
    changes += [{"product": "cards"}] * 8
    events = [{**an_event(id=str(at)), **changed} for at, changed in enumerate(changes)]
    assert_same(WORLDS[name], [a_record(orjson.dumps(event), at) for at, event in enumerate(events)])


@given(st.lists(AMOUNTS, min_size=8, max_size=16), st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_amounts_are_rounded_as_their_shortest_decimals(amounts, currency):
    events = [an_event(id=str(at), amount=one, currency=currency) for at, one in enumerate(amounts)]
    assert_same([a_line(roles=RICH, allow_negative=True)], [a_record(one, at) for at, one in enumerate(events)])


@given(st.lists(MOMENTS, min_size=1), st.booleans())
def test_times_that_are_read_at_once_are_those_that_python_reads(texts, naive):
    times_s, read = read_iso_times(texts, naive=naive)
    for text, time_s in zip(np.array(texts)[read].tolist(), times_s[read].tolist(), strict=True):
        moment = datetime.fromisoformat(text)
        assert naive or moment.tzinfo is not None
        expected = moment if moment.tzinfo is not None else datetime.fromisoformat(text + "+00:00")
        assert time_s == expected.timestamp()


@pytest.mark.parametrize("text", [NOON, NOON + ".123", NOON + ".123456", NOON + "Z", NOON + ".123-05:30"])
def test_the_common_forms_of_time_are_read_at_once(text):
    assert read_iso_times([text], naive=True)[1].all()


@pytest.mark.parametrize(
    "text",
    ["2023-02-29T00:00:00", "1900-02-29T00:00:00", "2023-04-31T00:00:00", "2023-13-01T00:00:00", "2023-01-01T24:00:00",
     "2023-01-01T00:60:00", "2023-01-01T00:00:60", "2023-01-01T00:00:00+24:00", "2023-01-01T00:00:00+00:60"],
)  # fmt: skip
def test_no_time_that_is_not_there_is_read_at_once(text):
    assert not read_iso_times([text], naive=True)[1].any()


@given(st.lists(st.floats(-2_208_988_800.0, 32_503_680_000.0, exclude_max=True), min_size=1))
def test_times_are_written_as_python_writes_them(times_s):
    expected = [datetime.fromtimestamp(one, UTC).isoformat(timespec="milliseconds") for one in times_s]
    assert utc_texts(np.array(times_s)) == [one.replace("+00:00", "Z") for one in expected]

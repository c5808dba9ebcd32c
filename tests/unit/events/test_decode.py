"""Decoding: every record is either in the batch or rejected with its reason."""

import math
import zlib

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.clock import FixedClock
from stream.events.decode import Decoder
from tests.builders.events import NOON_S, a_line, a_record, an_event

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ON_ANY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
FIELDS = st.sampled_from(["time", "card", "shop", "amount", "currency", "lat", "lon", "place"])
FULL_LINE = a_line(
    roles={"currency": "currency", "place": {"field": "place", "latitude": "lat", "longitude": "lon"}},
)


def decoder(*lines, **settings):
    return Decoder({line.name: line for line in lines or (a_line(),)}, FixedClock(NOON_S), **settings)


def decode(event, *lines):
    return decoder(*lines).decode([a_record(event)])


def refusal(event, *lines):
    batch, rejected = decode(event, *lines)
    assert len(batch) == 0
    return rejected[0].reason, rejected[0].field


def test_a_usable_event_becomes_one_entry_of_every_column():
    line = a_line(
        roles={
            "instrument": "device.id",
            "currency": "currency",
            "place": {"field": "city", "latitude": "lat", "longitude": "lon"},
        },
    )
    event = an_event(device={"id": "d9"}, currency="JPY", amount=500, city="Köln", lat=50.9, lon=6.9)
    batch, rejected = decode(event, line)
    assert rejected == []
    assert (batch.event_id, batch.line, batch.subject, batch.counterparty) == (["e1"], ["cards"], ["c1"], ["s1"])
    assert (batch.currency, batch.amount_minor.tolist(), batch.amount.tolist()) == (["JPY"], [500], [500.0])
    assert batch.occurred_at_s.tolist() == [NOON_S]
    assert batch.instrument.tolist() == [zlib.crc32(b"d9")]
    assert batch.place.tolist() == [zlib.crc32("Köln".encode())]
    assert (batch.latitude.tolist(), batch.longitude.tolist()) == ([np.float32(50.9)], [np.float32(6.9)])
    assert batch.produced_at_ms.tolist() == [int(NOON_S * 1000)]


def test_what_an_event_lacks_is_zero_or_nan():
    batch, _ = decode(an_event(), FULL_LINE)
    assert batch.instrument.tolist() == [0]
    assert batch.place.tolist() == [0]
    assert math.isnan(batch.latitude[0])
    assert math.isnan(batch.longitude[0])
    assert batch.currency == ["EUR"]


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{", b"[]", b'"text"', b"\xff\xfe", b'{"id": NaN}', b'{"amount": Infinity}', b'{"amount": 1e999}',
     b'{"id": "\\ud800"}', b"[" * 5000, b'{"a":' * 5000],
)  # fmt: skip
def test_what_is_no_json_object_is_unreadable(content):
    assert refusal(content) == ("unreadable", None)


def test_a_record_larger_than_allowed_is_oversized():
    batch, rejected = decoder(max_bytes=200).decode([a_record(an_event(note="x" * 200))])
    assert len(batch) == 0
    assert (rejected[0].reason, rejected[0].field) == ("oversized", None)


@pytest.mark.parametrize("field", ["id", "time", "card", "shop", "amount"])
def test_every_required_field_is_missed(field):
    roles = {"id": "event_id", "time": "occurred_at", "card": "subject", "shop": "counterparty", "amount": "amount"}
    assert refusal(an_event(**{field: None})) == ("missing_field", roles[field])


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        ({"amount": True}, "wrong_type", "amount"),
        ({"amount": "twelve"}, "wrong_type", "amount"),
        ({"amount": [1]}, "wrong_type", "amount"),
        ({"amount": "NaN"}, "non_finite", "amount"),
        ({"amount": "-Infinity"}, "non_finite", "amount"),
        ({"amount": -0.01}, "bad_value", "amount"),
        ({"amount": 1e13 + 0.01}, "bad_value", "amount"),
        ({"amount": "1e999999"}, "bad_value", "amount"),
        ({"amount": "9" * 60}, "bad_value", "amount"),
        ({"id": ""}, "bad_value", "event_id"),
        ({"id": "x" * 257}, "bad_value", "event_id"),
        ({"id": "a\x00b"}, "bad_value", "event_id"),
        ({"id": "a\n"}, "bad_value", "event_id"),
        ({"id": True}, "wrong_type", "event_id"),
        ({"id": {"a": 1}}, "wrong_type", "event_id"),
        ({"card": 2.0**53}, "bad_value", "subject"),
        ({"time": 5}, "wrong_type", "occurred_at"),
        ({"time": "yesterday"}, "bad_value", "occurred_at"),
        ({"time": "0001-01-01T00:00:00"}, "bad_value", "occurred_at_s"),
        ({"time": "0001-01-01T00:00:00+23:59"}, "bad_value", "occurred_at_s"),
        ({"currency": "euro"}, "bad_value", "currency"),
        ({"currency": 978}, "bad_value", "currency"),
        ({"lat": 91.0}, "bad_value", "latitude"),
        ({"lon": -180.5}, "bad_value", "longitude"),
        ({"lat": "50"}, "wrong_type", "latitude"),
        ({"place": "x" * 5000}, "bad_value", "place"),
    ],
)
def test_a_field_that_does_not_fit_is_named_with_its_reason(changed, reason, field):
    assert refusal(an_event(**changed), FULL_LINE) == (reason, field)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"id": "a\n"}, "event_id (field id) must hold no control characters"),
        ({"card": ""}, "subject (field card) must have at least 1 character"),
        ({"lat": 91.0}, "latitude (field lat) must be less than or equal to 90"),
        ({"currency": "euro"}, "currency (field currency) must be three capital letters, such as EUR"),
        ({"time": "0001-01-01T00:00:00"}, "occurred_at (field time) must be greater than or equal to"),
    ],
)
def test_a_value_that_does_not_fit_is_told_with_its_role_and_the_users_own_field(changed, said):
    _, rejected = decode(an_event(**{"lat": 1.0, "lon": 1.0, **changed}), FULL_LINE)
    assert rejected[0].detail.startswith(said)


def test_a_joined_identifier_that_does_not_fit_is_told_with_all_its_fields():
    _, rejected = decode(an_event(id="a\tb"), a_line(roles={"event_id": {"fields": ["id", "card"]}}))
    assert rejected[0].detail == "event_id (fields id, card) must hold no control characters"


def test_an_event_of_the_future_is_refused_and_one_within_the_lines_limit_is_not():
    late = an_event(time="2023-11-14T22:24:00")
    assert refusal(late) == ("far_future", "occurred_at")
    batch, _ = decode(late, a_line(max_future="1h"))
    assert len(batch) == 1


def test_an_event_of_any_past_is_taken_so_that_history_can_be_replayed():
    batch, _ = decode(an_event(time="1999-01-01T00:00:00"))
    assert len(batch) == 1


def test_an_amount_of_a_refund_is_taken_where_the_line_allows_it():
    batch, _ = decode(an_event(amount="-5.005"), a_line(allow_negative=True))
    assert batch.amount_minor.tolist() == [-500]


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        (0.125, "EUR", 12),
        (0.135, "EUR", 14),
        (2.675, "EUR", 268),
        (1.0005, "KWD", 1000),
        (2.5, "JPY", 2),
        ("7", "EUR", 700),
    ],
)
def test_amounts_round_half_to_even_from_their_shortest_decimal(amount, currency, minor):
    batch, _ = decode(an_event(amount=amount, currency=currency), FULL_LINE)
    assert batch.amount_minor.tolist() == [minor]


def test_minor_units_must_be_whole():
    line = a_line(roles={"amount": {"field": "amount", "unit": "minor"}})
    assert decode(an_event(amount=1234.0), line)[0].amount_minor.tolist() == [1234]
    assert refusal(an_event(amount=12.34), line) == ("bad_value", "amount")


@pytest.mark.parametrize(
    ("role", "value"),
    [
        ({"field": "time", "format": "epoch_s"}, NOON_S),
        ({"field": "time", "format": "epoch_ms"}, int(NOON_S * 1000)),
        ({"field": "time", "format": "%d/%m/%Y %H:%M:%S", "timezone": "Europe/Paris"}, "14/11/2023 23:13:20"),
        ({"field": "time", "timezone": "Asia/Tokyo"}, "2023-11-15T07:13:20"),
        ({"field": "time", "timezone": "Asia/Tokyo"}, "2023-11-14T22:13:20Z"),
    ],
)
def test_event_time_is_read_in_the_form_and_zone_of_the_line(role, value):
    batch, rejected = decode(an_event(time=value), a_line(roles={"occurred_at": role}))
    assert rejected == []
    assert batch.occurred_at_s.tolist() == [NOON_S]


def test_numbers_as_identifiers_become_their_shortest_text():
    batch, _ = decode(an_event(id=7, card=7.0, shop=7.5))
    assert (batch.event_id, batch.subject, batch.counterparty) == (["7"], ["7"], ["7.5"])


def test_identifiers_can_be_joined_from_several_fields_or_be_constant():
    line = a_line(roles={"event_id": {"fields": ["id", "card"], "join": "/"}, "counterparty": {"constant": "desk"}})
    batch, _ = decode(an_event(), line)
    assert (batch.event_id, batch.counterparty) == (["e1/c1"], ["desk"])
    assert refusal(an_event(card=None), line) == ("missing_field", "event_id")


def test_lines_of_one_topic_are_told_apart_by_their_match():
    lines = [a_line(line=name, match={"product.kind": name}) for name in ("credit", "debit")]
    events = [an_event(product={"kind": kind}) for kind in ("debit", "credit", "prepaid")] + [an_event(product=3)]
    batch, rejected = decoder(*lines).decode([a_record(event) for event in events])
    assert batch.line == ["debit", "credit"]
    assert [one.reason for one in rejected] == ["unknown_line", "unknown_line"]


def test_true_is_not_one_and_a_list_names_no_line():
    lines = [a_line(line="yes", match={"flag": True}), a_line(line="one", match={"flag": 1})]
    events = [an_event(flag=flag) for flag in (True, 1, 1.0, [1], {"a": 1}, "1")]
    batch, rejected = decoder(*lines).decode([a_record(event, at) for at, event in enumerate(events)])
    assert batch.line == ["yes", "one", "one"]
    assert [one.record.offset for one in rejected] == [3, 4, 5]


def test_lines_told_apart_by_different_fields_are_tried_in_their_order():
    lines = [a_line(line="web", match={"channel": "web"}), a_line(line="rich", match={"tier": 1, "channel": "shop"})]
    events = [an_event(channel="shop", tier=1), an_event(channel="web", tier=1), an_event(channel="shop")]
    batch, rejected = decoder(*lines).decode([a_record(event) for event in events])
    assert batch.line == ["rich", "web"]
    assert len(rejected) == 1


def test_true_is_not_one_where_lines_are_tried_in_their_order():
    lines = [a_line(line="yes", match={"flag": True}), a_line(line="one", match={"flag": 1, "tier": 2})]
    batch, _ = decoder(*lines).decode([a_record(an_event(flag=flag, tier=2)) for flag in (1, True)])
    assert batch.line == ["one", "yes"]


def test_an_empty_text_is_told_from_none_though_its_hash_is_zero():
    batch, _ = decoder(FULL_LINE).decode([a_record(an_event(place="")), a_record(an_event())])
    assert batch.place.tolist() == [1, 0]


def test_the_prefix_and_the_rekeyed_topic_are_the_lines_too():
    records = [a_record(an_event(), topic=topic) for topic in ("x-payments", "x-payments-rekeyed", "payments")]
    batch, rejected = decoder(topic_prefix="x-").decode(records)
    assert len(batch) == 2
    assert [one.reason for one in rejected] == ["unknown_line"]


def test_a_rejected_record_keeps_its_original_bytes_and_place():
    record = a_record(b"\xff not json", 17)
    _, rejected = decoder().decode([record])
    assert rejected[0].record is record


def test_no_records_give_an_empty_batch_with_typed_columns():
    batch, rejected = decoder().decode([])
    assert (len(batch), rejected) == (0, [])
    assert batch.instrument.dtype == np.uint32
    assert batch.amount_minor.dtype == np.int64


@ON_ANY_MACHINE
@given(st.lists(st.binary(max_size=60)))
def test_any_bytes_are_taken_or_rejected(contents):
    batch, rejected = decoder().decode([a_record(content, at) for at, content in enumerate(contents)])
    assert len(batch) + len(rejected) == len(contents)
    assert [one.record.offset for one in rejected] == sorted(one.record.offset for one in rejected)


@ON_ANY_MACHINE
@given(st.lists(st.dictionaries(FIELDS, JSON, max_size=3), max_size=6))
def test_any_values_in_the_fields_are_taken_or_rejected_in_order(changes):
    events = [{**an_event(id=str(at)), **changed} for at, changed in enumerate(changes)]
    records = [a_record(orjson.dumps(event), at) for at, event in enumerate(events)]
    batch, rejected = decoder(FULL_LINE).decode(records)
    lost = {str(one.record.offset) for one in rejected}
    assert batch.event_id == [event["id"] for event in events if event["id"] not in lost]
    assert len(lost) == len(rejected)
    assert np.isfinite(batch.amount).all()
    assert (batch.amount_minor >= 0).all()
    assert (batch.occurred_at_s <= NOON_S + 600).all()

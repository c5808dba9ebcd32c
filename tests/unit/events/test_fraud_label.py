"""Labels as they are decoded."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.events.fraud_label import decode_labels
from tests.builders.events import a_label, a_record


def as_json(**changed):
    fields = {"event_id": "e1", "line": "cards", "label": "fraud", "labelled_at": "2023-11-15T10:00:00Z", **changed}
    return {name: value for name, value in fields.items() if value is not None}


def refusal(content):
    good, rejected = decode_labels([a_record(content)])
    assert good == []
    return rejected[0].reason, rejected[0].field


def test_a_label_survives_its_own_json():
    for label in (a_label(reverses=True, source="chargeback"), a_label(label="fraud", loss_minor=12_500)):
        record = a_record(label.model_dump_json().encode())
        assert decode_labels([record]) == ([(label, record)], [])


def test_the_least_a_label_must_say_is_enough():
    good, _ = decode_labels([a_record(as_json())])
    label, _ = good[0]
    assert (label.source, label.reverses, label.schema_version) == ("analyst", False, 1)


@pytest.mark.parametrize(
    ("changed", "reason", "field"),
    [
        ({"event_id": None}, "missing_field", "event_id"),
        ({"labelled_at": None}, "missing_field", "labelled_at"),
        ({"event_id": 7}, "wrong_type", "event_id"),
        ({"event_id": ""}, "bad_value", "event_id"),
        ({"event_id": "a\tb"}, "bad_value", "event_id"),
        ({"label": "maybe"}, "bad_value", "label"),
        ({"label": True}, "bad_value", "label"),
        ({"reverses": "yes"}, "wrong_type", "reverses"),
        ({"labelled_at": "2023-11-15T10:00:00"}, "bad_value", "labelled_at"),
        ({"labelled_at": "0001-01-01T00:00:00Z"}, "bad_value", "labelled_at"),
        ({"labelled_at": "soon"}, "bad_value", "labelled_at"),
        ({"schema_version": 2}, "bad_value", "schema_version"),
        ({"lable": "fraud"}, "bad_value", "lable"),
        ({"loss_minor": -1}, "bad_value", "loss_minor"),
        ({"loss_minor": 1.5}, "wrong_type", "loss_minor"),
        ({"loss_minor": 2**63}, "bad_value", "loss_minor"),
        ({"loss_minor": 5, "label": "genuine"}, "bad_value", None),
        ({"loss_minor": 5, "reverses": True}, "bad_value", None),
    ],
)
def test_a_label_that_does_not_fit_is_named_with_its_reason(changed, reason, field):
    assert refusal(as_json(**changed)) == (reason, field)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"event_id": "a\tb"}, "event_id must hold no control characters"),
        ({"event_id": None}, "event_id is missing"),
        ({"lable": "fraud"}, "lable is not known here"),
    ],
)
def test_what_is_said_of_a_label_that_does_not_fit_names_its_field(changed, said):
    _, rejected = decode_labels([a_record(as_json(**changed))])
    assert rejected[0].detail == said


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff", b"[" * 5000])
def test_what_is_no_json_is_unreadable(content):
    assert refusal(content) == ("unreadable", None)


def test_a_label_that_is_too_large_is_oversized():
    assert refusal(orjson.dumps(as_json(source="x" * 20_000))) == ("oversized", None)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40)))
def test_any_bytes_are_taken_or_rejected(contents):
    good, rejected = decode_labels([a_record(content, at) for at, content in enumerate(contents)])
    assert len(good) + len(rejected) == len(contents)

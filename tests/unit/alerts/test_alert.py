"""An alert as the user reads it."""

import json

import pytest
from pydantic import ValidationError

from stream.alerts.alert import Alert, alert_of
from stream.events.scored_event import Reason
from tests.builders.labelled_examples import NOON_S, a_scored_event


def test_an_alert_is_named_by_line_subject_and_start_of_its_period():
    assert alert_of(a_scored_event(), 1_699_920_000.0, "score").alert_id == "cards:card-1:20231114T000000Z"


def test_an_alert_for_a_document_financed_before_has_a_name_of_its_own():
    assert (
        alert_of(a_scored_event(), 1_699_920_000.0, "document").alert_id
        == "cards:card-1:20231114T000000Z:financed-before"
    )


def test_an_alert_tells_all_that_its_event_told():
    event = a_scored_event(
        score=0.93, threshold=0.8, anomaly=0.99, reasons=[Reason("speed", "900 km/h since the last place", 2.5)]
    )
    told = json.loads(alert_of(event, NOON_S, "score").model_dump_json())
    shared = told.keys() - {"alert_id", "reasons", "schema_version"}
    assert shared >= {"event_id", "counterparty", "amount_minor", "currency", "weights_version", "occurred_at"}
    for name in shared:
        assert told[name] == getattr(event, name)
    assert told["reasons"] == [{"feature": "speed", "text": "900 km/h since the last place", "contribution": 2.5}]


def test_an_alert_comes_back_from_its_json():
    alert = alert_of(a_scored_event(), NOON_S, "score")
    assert Alert.model_validate_json(alert.model_dump_json()) == alert


def test_unknown_fields_are_refused():
    content = alert_of(a_scored_event(), NOON_S, "score").model_dump() | {"colour": "red"}
    with pytest.raises(ValidationError):
        Alert.model_validate(content)

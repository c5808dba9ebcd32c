"""Alert candidates in, one alert a subject and period out."""

from stream.alerts.alert import Alert
from stream.alerts.deduplicator import AlertDeduplicator
from stream.events.decode import SourceRecord
from stream.events.scored_event import encode
from stream.metrics import Metrics
from stream.pipelines.effects import ALERTS
from stream.pipelines.raise_alert import RaiseStep
from tests.builders.events import a_line
from tests.builders.labelled_examples import NOON_S, a_scored_event


def a_candidate(at=0, value=None, **changed):
    return SourceRecord("alert-candidates", 0, at, b"k", value or encode(a_scored_event(alerted=True, **changed)), 0)


def a_step():
    return RaiseStep({"cards": a_line(alerts={"dedup_period": "1d"})}, AlertDeduplicator(), Metrics())


def test_a_subject_is_alerted_once_a_period():
    hour_s = 3_600.0
    candidates = [
        a_candidate(0, event_id="a"),
        a_candidate(1, event_id="b", occurred_at_s=NOON_S + hour_s),
        a_candidate(2, event_id="c", subject="card-2"),
        a_candidate(3, event_id="d", occurred_at_s=NOON_S + 49 * hour_s),
    ]
    made = a_step().process(candidates)
    assert {one.topic for one in made.outgoing} == {ALERTS}
    assert [Alert.model_validate_json(one.value).event_id for one in made.outgoing] == ["a", "c", "d"]


def test_rubbish_and_unknown_lines_are_rejected_and_the_rest_goes_on():
    made = a_step().process([a_candidate(0, b"\xc1"), a_candidate(1, line="nobody"), a_candidate(2)])
    assert [(one.record.offset, one.reason) for one in made.rejected] == [(0, "unreadable"), (1, "unknown_line")]
    assert len(made.outgoing) == 1

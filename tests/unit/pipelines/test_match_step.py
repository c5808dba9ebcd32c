"""The match stage on one partition: records in, records and metrics out."""

from datetime import UTC, datetime

import pytest

from stream.adaptation.label_state import LabelState
from stream.adaptation.labelled_example import decode as decode_example
from stream.adaptation.memory_store import MemoryFeatureStore
from stream.clock import FixedClock
from stream.events.decode import SourceRecord
from stream.events.enriched_event import decode as decode_enriched
from stream.events.fraud_label import FraudLabel
from stream.events.label_horizons import LabelHorizons
from stream.events.scored_event import encode as encode_scored
from stream.metrics import Metrics
from stream.pipelines.confirmed_precision import ConfirmedPrecision
from stream.pipelines.match_step import MatchStep
from stream.placement import partition_of
from tests.builders.events import a_label, a_line
from tests.builders.labelled_examples import NOON_S, a_scored_event

DAY_S = 86_400.0
HORIZON_S = 10 * DAY_S
LABELS = "x-fraud-labels"
PARTITIONS = 4


def ids_of(partition):
    """Return event ids whose labels belong to a partition."""
    return [name for at in range(100) if partition_of((name := f"e{at}").encode(), PARTITIONS) == partition]


OWN, FOREIGN = ids_of(0), ids_of(3)


class Worker:
    """The match steps of one worker, and what it exposes."""

    def __init__(self):
        self.metrics = Metrics()
        self.confirmed = ConfirmedPrecision(self.metrics)
        self.clock = FixedClock(NOON_S + 2 * DAY_S)

    def step(self, partition=0):
        parts = LabelState(LabelHorizons(HORIZON_S)), MemoryFeatureStore(LabelHorizons(HORIZON_S)), {"cards": a_line()}
        return MatchStep(*parts, self.clock, self.metrics, self.confirmed, partition, PARTITIONS, LABELS)

    def figure(self, name, **labels):
        return self.metrics.registry.get_sample_value(name, {"line": "cards", **labels})

    def precision(self):
        return self.figure("foreshot_confirmed_precision")

    def alerted(self, partition=0):
        names = ("foreshot_alerted_labels", "foreshot_alerted_frauds")
        return tuple(self.figure(name, partition=str(partition)) for name in names)


@pytest.fixture
def worker():
    return Worker()


def take(step, records):
    effects = step.process(records)
    step.committed()
    return effects


def score(step, *events):
    return take(
        step, [SourceRecord("scored-events", 0, at, b"", encode_scored(one), 0) for at, one in enumerate(events)]
    )


def label(step, *labels):
    values = [one.model_dump_json().encode() if isinstance(one, FraudLabel) else one for one in labels]
    return take(step, [SourceRecord(LABELS, 0, 100 + at, b"", value, 5_000) for at, value in enumerate(values)])


def said(event_id, verdict="fraud", days=1.0, **changed):
    return a_label(event_id, label=verdict, labelled_at=datetime.fromtimestamp(NOON_S + days * DAY_S, UTC), **changed)


def topics(effects):
    return [one.topic for one in effects.outgoing]


def refusals(effects):
    return [(one.reason, one.record.topic, one.record.offset) for one in effects.rejected]


def test_a_label_becomes_an_example_keyed_by_line_and_a_risk_update_keyed_by_counterparty(worker):
    step = worker.step()
    score(step, a_scored_event(OWN[0]))
    example, risk = label(step, said(OWN[0])).outgoing
    assert (example.topic, example.key, decode_example(example.value).label_produced_at_ms) == (
        "labelled-examples", b"cards", 5_000,
    )  # fmt: skip
    assert (risk.topic, risk.key, [one.fraud_delta for one in decode_enriched(risk.value)]) == (
        "enriched-events", b"cards\0terminal-1", [1.0],
    )  # fmt: skip


def test_a_label_on_the_wrong_partition_goes_on_as_it_is_to_its_events_partition(worker):
    step = worker.step()
    score(step, a_scored_event(OWN[0]))
    effects = label(step, said(FOREIGN[0]), said(OWN[0]))
    forwarded = effects.outgoing[0]
    assert (forwarded.topic, forwarded.partition, forwarded.key) == ("fraud-labels", 3, FOREIGN[0].encode())
    assert forwarded.value == said(FOREIGN[0]).model_dump_json().encode()
    assert topics(effects)[1:] == ["labelled-examples", "enriched-events"]
    assert not effects.rejected


def test_a_forwarded_label_is_taken_by_its_owner_and_goes_no_further(worker):
    assert topics(label(worker.step(3), said(FOREIGN[0]))) == []
    assert worker.figure("foreshot_labels_total", label="fraud", outcome="pending") == 1


def test_refused_labels_name_their_own_records_whatever_was_forwarded_before_them(worker):
    step = worker.step()
    score(step, a_scored_event(OWN[0]))
    early = said(OWN[0], days=-1)
    effects = label(step, said(FOREIGN[0]), b"rubbish", said(OWN[1], line="nobody"), early)
    assert refusals(effects) == [
        ("unreadable", LABELS, 101), ("unknown_line", LABELS, 102), ("label_before_event", LABELS, 103),
    ]  # fmt: skip


def test_a_label_that_waited_in_vain_is_refused_as_text_without_an_offset(worker):
    step = worker.step()
    label(step, said(OWN[0]))
    score(step, a_scored_event(OWN[1]))
    effects = score(step, a_scored_event(OWN[2], occurred_at_s=NOON_S + HORIZON_S + 2 * DAY_S))
    assert refusals(effects) == [("unknown_event", LABELS, -1)]
    assert FraudLabel.model_validate_json(effects.rejected[0].record.value) == said(OWN[0])


def test_a_label_dated_ahead_of_the_clock_by_more_than_its_line_allows_is_refused(worker):
    step = worker.step()
    ahead = 2 * DAY_S + 600
    assert refusals(label(step, said(OWN[0], days=ahead / DAY_S))) == []
    assert refusals(label(step, said(OWN[0], days=(ahead + 1) / DAY_S))) == [("far_future", LABELS, 100)]


def test_lines_that_no_file_names_make_one_series_however_many_are_invented(worker):
    label(worker.step(), *[said(OWN[0], line=f"invented-{at}") for at in range(50)])
    labels = [line for line in worker.metrics.exposition().decode().splitlines() if "foreshot_labels_total{" in line]
    assert labels == ['foreshot_labels_total{label="fraud",line="unknown",outcome="refused"} 50.0']


def test_only_labels_are_urgent(worker):
    step = worker.step()
    assert step.urgent([SourceRecord(LABELS, 0, 0, b"", b"", 0)])
    assert not step.urgent([SourceRecord("scored-events", 0, 0, b"", b"", 0)])


def test_unreadable_scored_events_are_refused_and_the_others_kept(worker):
    step = worker.step()
    records = [
        SourceRecord("scored-events", 0, 0, b"", b"{", 0),
        SourceRecord("scored-events", 0, 1, b"", encode_scored(a_scored_event(OWN[0])), 0),
    ]
    assert refusals(take(step, records)) == [("unreadable", "scored-events", 0)]
    assert topics(label(step, said(OWN[0])))[0] == "labelled-examples"


def test_events_replayed_after_a_restart_are_found_by_later_labels(worker):
    step = worker.step()
    assert (step.replay_from(LABELS), step.replay_from("scored-events")) == (None, 0)
    step.replay([SourceRecord("scored-events", 0, 9, b"", encode_scored(a_scored_event(OWN[0])), 0)])
    assert step.replay_from("scored-events") == 10
    assert topics(label(step, said(OWN[0]))) == ["labelled-examples", "enriched-events"]


def alerted_and_labelled(step, names, verdicts):
    score(step, *[a_scored_event(name, alerted=True) for name in names])
    label(step, *[said(name, verdict) for name, verdict in zip(names, verdicts, strict=True)])


def test_confirmed_precision_counts_an_event_once_whatever_is_said_of_it_later(worker):
    step = worker.step()
    alerted_and_labelled(step, OWN[:3], ["fraud", "fraud", "genuine"])
    assert (worker.alerted(), worker.precision()) == ((3, 2), pytest.approx(2 / 3))
    label(step, said(OWN[0], "genuine", 1.5))
    assert (worker.alerted(), worker.precision()) == ((3, 1), pytest.approx(1 / 3))
    label(step, said(OWN[2], "genuine", 1.6, reverses=True))
    assert (worker.alerted(), worker.precision()) == ((2, 1), 0.5)


def test_losses_are_booked_by_whether_the_event_was_alerted(worker):
    step = worker.step()
    score(step, a_scored_event(OWN[0], alerted=True), a_scored_event(OWN[1]))
    label(step, said(OWN[0], loss_minor=1_200), said(OWN[1], loss_minor=30))
    names = ("foreshot_alerted_loss_minor", "foreshot_missed_loss_minor")
    assert [worker.figure(name, partition="0") for name in names] == [1_200, 30]


def test_labels_of_events_that_raised_nothing_confirm_nothing(worker):
    step = worker.step()
    score(step, a_scored_event(OWN[0]))
    label(step, said(OWN[0]))
    assert worker.precision() is None


def test_confirmed_precision_is_that_of_all_the_workers_partitions(worker):
    alerted_and_labelled(worker.step(0), OWN[:3], ["fraud"] * 3)
    other = worker.step(3)
    alerted_and_labelled(other, FOREIGN[:1], ["genuine"])
    assert (worker.alerted(0), worker.alerted(3), worker.precision()) == ((3, 3), (1, 0), 0.75)
    other.close()
    assert (worker.alerted(0), worker.alerted(3), worker.precision()) == ((3, 3), (None, None), 1.0)


def test_the_last_label_withdrawn_leaves_no_precision_behind(worker):
    step = worker.step()
    alerted_and_labelled(step, OWN[:1], ["fraud"])
    label(step, said(OWN[0], days=1.5, reverses=True))
    assert (worker.alerted(), worker.precision()) == ((0, 0), None)


def test_a_restart_restores_what_is_confirmed_before_any_record_comes(worker):
    step = worker.step()
    alerted_and_labelled(step, OWN[:2], ["fraud", "genuine"])
    changes = step.state.drain_changes()
    step.close()
    assert worker.precision() is None
    assert worker.step().state.restore(changes) == len(changes)
    assert (worker.alerted(), worker.precision()) == ((2, 1), 0.5)

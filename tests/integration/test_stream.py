"""The stream on a real Kafka with real workers."""

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from stream.adaptation.labelled_example import decode as decode_example
from stream.alerts.alert import Alert
from stream.backtest.run import Backtest, run_backtest
from stream.events.enriched_event import RiskUpdate, decode
from stream.events.history import history_records, label_of, select_rows
from stream.features.specification import PAYMENTS
from stream.features.subject import SubjectState
from stream.scoring.initialisation import load_initialisation
from stream.transport.clients import connect_producer
from stream.transport.label_push import push_labels
from stream.transport.replay import Replay, ReplayOptions
from stream.transport.topics import ensure_topics

pytestmark = [pytest.mark.broker, pytest.mark.timeout(280)]

DAY_S = 86_400.0


def backtest_scores(history, lines, initialisation):
    found = {}
    run = Backtest(lines, load_initialisation(initialisation, PAYMENTS), 90 * DAY_S)
    run_backtest(history, run, lambda events: found.update({event.event_id: event for event in events}), lambda _: None)
    return found, run


def ready(installation, lines, free_port, *roles):
    ensure_topics(installation.settings, lines.values())
    ports = []
    for at, role in enumerate(roles or ("all",)):
        port = free_port()
        installation.start(f"w{at}", port, role)
        ports.append(port)
    for port in ports:
        installation.wait_until_ready(port)
    return ports


def send_history(running, history, rows):
    producer = connect_producer(running.cluster)
    for record in history_records(history, rows):
        producer.send(running.prefix + record.topic, key=record.key, value=record.value)
    producer.flush()
    producer.close()


def test_a_replay_in_step_on_one_partition_gives_the_scores_of_the_backtest(
    installation, small_history, small_lines, small_initialisation, free_port
):
    running = installation(partitions=1)
    (port,) = ready(running, small_lines, free_port)
    count = Replay(running.settings, small_history, ReplayOptions(None, in_step=True, labels=True)).run(lambda _: None)
    expected, backtest = backtest_scores(small_history, small_lines, small_initialisation)
    scored = running.scored()
    assert Counter(event.event_id for event in scored) == Counter(expected.keys())
    assert count.labels > 0
    assert any(record.support_frauds for record in backtest.adaptations)
    assert {event.event_id: event.weights_version for event in scored} == {
        name: event.weights_version for name, event in expected.items()
    }
    assert max(abs(event.score - expected[event.event_id].score) for event in scored) <= 1e-6
    assert "foreshot_label_to_live_seconds_count" in running.page(port, "metrics")
    alerts = [Alert.model_validate_json(record.value) for record in running.records("alerts")]
    assert alerts
    assert len({alert.alert_id for alert in alerts}) == len(alerts)


def test_workers_that_join_and_leave_before_anything_is_committed_and_after_lose_and_repeat_nothing(
    installation, small_history, small_lines, free_port
):
    history = select_rows(small_history, np.arange(4_000))
    running = installation(3, micro_batch_records=64)
    ensure_topics(running.settings, small_lines.values())
    rows = np.array_split(np.arange(len(history.batch)), 5)
    send_history(running, history, rows[0])
    ports = {}

    def join(name):
        ports[name] = free_port()
        running.start(name, ports[name])

    # A backlog without a commit, taken over while the first owners still restore.
    for name in ("w0", "w1", "w2"):
        join(name)
        time.sleep(1.0)
    for part, change in zip(rows[1:], (None, "w1", "w0", "w3"), strict=True):
        send_history(running, history, part)
        if change in running.workers:
            running.leave(change)
        elif change:
            join(change)
    labelled = np.flatnonzero(history.label == 1)[:20].tolist()
    push_labels(running.settings, [label_of(history, row) for row in labelled])
    running.wait_for(lambda: len(running.records("scored-events")) >= len(history.batch))
    assert Counter(event.event_id for event in running.scored()) == Counter(history.batch.event_id)
    names = {history.batch.event_id[row] for row in labelled}

    def taught():
        examples = [decode_example(record.value) for record in running.records("labelled-examples")]
        return Counter(one.event_id for one in examples if one.kind == "fraud")

    running.wait_for(lambda: taught() == Counter(names))
    running.wait_until_ready(ports["w3"])


def test_rubbish_is_dead_lettered_with_its_bytes_and_its_place_and_the_stream_goes_on(
    installation, small_history, small_lines, free_port
):
    running = installation(partitions=1)
    ready(running, small_lines, free_port)
    producer = connect_producer(running.cluster)
    topic = running.prefix + "small-payments"
    rubbish = [b"\xff\xfe", b"{", b"[]", b'{"product": "nobody"}', b'{"product": "small-a"}', b"x" * 100_000]
    for value in rubbish:
        producer.send(topic, key=b"k", value=value)
    for record in history_records(small_history, np.arange(200)):
        producer.send(topic, key=record.key, value=record.value)
    producer.flush()
    producer.close()
    running.wait_for(lambda: len(running.records("scored-events")) >= 200)
    letters = running.records("dead-letters")
    assert [record.value for record in letters] == [value[:65_536] for value in rubbish]
    headers = [dict(record.headers) for record in letters]
    assert [one.get("value-bytes") for one in headers] == [None] * 5 + [b"100000"]
    assert [one["offset"] for one in headers] == [str(at).encode() for at in range(len(rubbish))]
    assert {one["topic"] for one in headers} == {topic.encode()}
    assert [one["reason"] for one in headers] == [
        b"unreadable", b"unreadable", b"unreadable", b"unknown_line", b"missing_field", b"oversized",
    ]  # fmt: skip


def test_labels_sent_before_twice_and_reversed_leave_one_example_and_one_risk(
    installation, small_history, small_lines, free_port
):
    running = installation(partitions=2)
    ready(running, small_lines, free_port, "score", "learn")
    frauds = np.flatnonzero(small_history.label == 1)[:3].tolist()
    rows = np.arange(max(frauds) + 1)
    labels = [label_of(small_history, row) for row in frauds]
    push_labels(running.settings, labels[:1])
    producer = connect_producer(running.cluster)
    for record in history_records(small_history, rows):
        producer.send(running.prefix + record.topic, key=record.key, value=record.value)
    producer.flush()
    running.wait_for(lambda: len(running.records("scored-events")) >= len(rows))
    later = labels[2].labelled_at + timedelta(days=1)
    reversal = labels[2].model_copy(update={"reverses": True, "labelled_at": later})
    ahead = labels[0].model_copy(update={"label": "genuine", "labelled_at": datetime.now(UTC) + timedelta(days=1)})

    def examples():
        kinds = Counter()
        for record in running.records("labelled-examples"):
            one = decode_example(record.value)
            kinds[one.event_id, one.kind] += one.kind != "background"
        return +kinds

    push_labels(running.settings, [labels[0], ahead, labels[1], labels[1], labels[2]])
    # A label on the wrong partition goes on to where its event is.
    producer.send(running.prefix + "fraud-labels", key=b"", value=b"rubbish")
    producer.flush()
    producer.close()
    learnt = {(label.event_id, "fraud"): 1 for label in labels}
    running.wait_for(lambda: examples() == Counter(learnt))
    # Only now: a label that is taken back while its event still waits to be matched leaves no example at all.
    push_labels(running.settings, [reversal, reversal])
    running.wait_for(lambda: examples() == Counter(learnt | {(labels[2].event_id, "withdrawn"): 1}))
    risks = Counter()
    for record in running.records("enriched-events"):
        for one in decode(record.value):
            if isinstance(one, RiskUpdate):
                risks[one.event_id] += one.fraud_delta
    assert risks == {labels[0].event_id: 1, labels[1].event_id: 1, labels[2].event_id: 0}
    running.wait_for(lambda: len(running.records("dead-letters")) == 2)
    reasons = {dict(record.headers)["reason"] for record in running.records("dead-letters")}
    assert reasons == {b"unreadable", b"far_future"}


def test_a_topic_full_of_rubbish_stops_the_worker_loudly_and_loses_nothing(installation, small_lines, free_port):
    running = installation(partitions=1)
    ready(running, small_lines, free_port)
    producer = connect_producer(running.cluster)
    for at in range(300):
        producer.send(running.prefix + "small-payments", key=b"k", value=b"%d" % at)
    producer.flush()
    producer.close()
    process = running.workers["w0"]
    assert process.wait(60) == 1
    text = (running.folder / "w0.log").read_text()
    assert "could not be used, above the limit of 50%" in text


def test_a_subject_table_restored_from_its_changelog_profiles_on_as_if_nothing_had_happened(small_history):
    from stream.events.event_batch import take_rows  # noqa: PLC0415 - used here alone
    from stream.features.subject import profile  # noqa: PLC0415 - used here alone

    first, second = (take_rows(small_history.batch, rows) for rows in np.array_split(np.arange(1_000), 2))
    whole = SubjectState()
    profile(whole, first)
    changes = whole.drain_changes()
    expected = profile(whole, second)[0]
    restored = SubjectState()
    restored.restore(changes)
    np.testing.assert_array_equal(profile(restored, second)[0], expected)


def test_metrics_are_served_and_health_answers(installation, small_lines, free_port):
    running = installation(partitions=1)
    (port,) = ready(running, small_lines, free_port)
    assert json.loads(running.page(port, "health")) == {"ok": True, "reasons": []}
    assert "foreshot_ready 1.0" in running.page(port, "metrics")

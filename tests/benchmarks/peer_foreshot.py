"""Foreshot as `make bench-peers` runs it: a scorer as shipped, every line scored by weights adapted to its labels."""

import json
from datetime import UTC, datetime

import numpy as np

from metalearn.checkpoint import Initialisation, InitialisationManifest
from stream.adaptation.adapter import Adapter
from stream.adaptation.line_memory import LineMemory
from stream.adaptation.trial import try_candidate
from stream.alerts.budget import AlertBudget
from stream.clock import SystemClock
from stream.events.decode import Decoder, SourceRecord
from stream.events.line_file import load_lines
from stream.events.scored_event import decode
from stream.features.counterparty import CounterpartyState
from stream.features.profile_state import ProfileState
from stream.features.specification import PAYMENTS
from stream.pipelines.active_versions import ActiveVersions
from stream.pipelines.live_weights import Activation, activate, publish
from stream.pipelines.profile_subject import profile_subject
from stream.pipelines.score_event import Scoring, score_events
from stream.scoring.line_scorers import scorers_over
from stream.scoring.line_weights import LineWeights
from stream.transport.clients import connect_producer
from stream.transport.topics import ensure_topics
from tests.benchmarks.peer_load import TOPIC, Load, payments
from tests.builders.labelled_examples import an_example
from tests.builders.weights import weights_arrays

_TAUGHT_ON = 8_000
_MADE_AT = datetime(2026, 1, 5, tzinfo=UTC)


def write_lines(path, load, *, rekey=False):
    """Write a line file; JSON is YAML."""
    roles = {
        "event_id": "id",
        "occurred_at": "time",
        "subject": "card",
        "counterparty": "merchant",
        "amount": "amount",
        "currency": "currency",
        "instrument": "device",
        "place": {"field": "country", "latitude": "latitude", "longitude": "longitude"},
    }
    alerts = {"budget_per_day": 100 / load.lines, "dedup_period": "1d"}
    common = {"topic": TOPIC, "currency": "EUR", "label_delay": "1d", "roles": roles, "alerts": alerts, "rekey": rekey}
    lines = [{"line": name, "match": {"product": name}, **common} for name in load.line_names()]
    path.write_text(json.dumps({"lines": lines}))
    return load_lines([path])


def an_initialisation():
    """Return one of the size that training makes; nothing taught it, and what it scores costs the same."""
    arrays = {
        **weights_arrays(len(PAYMENTS.features), widths=(64, 64), bins=16),
        "standardise.mean": np.zeros(len(PAYMENTS.features), np.float32),
        "standardise.scale": np.ones(len(PAYMENTS.features), np.float32),
        "inner.rate": np.full(6, 0.05, np.float32),
    }
    manifest = InitialisationManifest(
        id="bench",
        created_at="2026-01-05T00:00:00Z",
        feature_hash=PAYMENTS.hash,
        feature_names=PAYMENTS.names,
        widths=(64, 64),
        inner_steps=5,
        fraud_share=0.5,
    )
    return Initialisation(manifest, arrays)


def adapted_weights(initialisation, folder):
    """Return weights adapted to the frauds among the load's first events, by the learner's own code."""
    load = Load(_TAUGHT_ON, subjects=1_000)
    lines = write_lines(folder / "taught.yaml", load)
    (line,) = lines.values()
    fraud, scored = _scored(lines, initialisation, load)
    adapter = Adapter(initialisation)
    memory = LineMemory(line, adapter)
    for event in scored:
        kind = "fraud" if fraud[event.event_id] else "background"
        row = {"features": event.features, "occurred_at_s": event.occurred_at_s, "feature_hash": PAYMENTS.hash}
        memory.fold(an_example(event.event_id, kind, line=line.name, **row))
    plan = memory.plan()
    memory.attempted(plan, try_candidate(plan, memory.buffer, adapter, _MADE_AT))
    trial = try_candidate(memory.plan(), memory.buffer, adapter, _MADE_AT)
    assert trial.sample.frauds
    return trial.candidate


def _scored(lines, initialisation, load):
    records, fraud = [], {}
    for at, (key, value, is_fraud) in enumerate(payments(load)):
        records.append(SourceRecord(TOPIC, 0, at, key, value, 0))
        fraud[json.loads(value)["id"]] = is_fraud
    batch, rejected = Decoder(lines, SystemClock()).decode(records)
    assert not rejected
    enriched = profile_subject(ProfileState(PAYMENTS), batch).events
    scoring = Scoring(
        lines, CounterpartyState(), scorers_over(initialisation), ActiveVersions(), AlertBudget(), 1, SystemClock()
    )
    return fraud, score_events(scoring, enriched)


def prepare(installation, lines, weights):
    """Make an installation's topics and put adapted weights in force for every line."""
    ensure_topics(installation.settings, lines.values())
    producer = connect_producer(installation.cluster)
    for line in lines:
        own = LineWeights.sealed(weights.manifest.model_copy(update={"line": line, "digest": ""}), weights.arrays)
        now = Activation(own.manifest.version, "bench", "adapted", _MADE_AT.isoformat())
        for one in [publish(own), *activate(line, now, installation.settings.partitions)]:
            topic = installation.prefix + one.topic
            producer.send(topic, key=one.key, value=one.value, partition=one.partition)
    producer.flush()
    producer.close()


def scored_ids(weights):
    """Return a function from a scored record to its event's id; it refuses one that other weights scored."""

    def read(value):
        scored = decode(value)
        if scored.weights_version != weights.manifest.version:
            raise RuntimeError(f"{scored.event_id} was scored by version {scored.weights_version}")
        return [scored.event_id]

    return read

"""The learner's parts are joined to the topics as they are."""

from types import SimpleNamespace

import pytest

from stream import bootstrap_learn
from stream.clock import SystemClock
from stream.events.decode import SourceRecord
from stream.features.specification import PAYMENTS
from stream.metrics import Metrics
from stream.placement import partition_of
from stream.settings import load_settings
from stream.transport.topics import Topics
from tests.builders.events import NOON_S, a_label, a_line

ENRICHED_PARTITIONS, SCORED_PARTITIONS = 3, 8


@pytest.fixture
def match_stage(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap_learn, "Adapter", lambda _: None)
    monkeypatch.setattr(
        bootstrap_learn, "partition_count", lambda _, topic: {"scored-events": SCORED_PARTITIONS}[topic]
    )
    parts = SimpleNamespace(
        settings=load_settings({}, state_folder=tmp_path),
        lines={"cards": a_line()},
        names=Topics(""),
        weights=SimpleNamespace(listen=lambda _: None, loaded=None),
        initialisation=None,
        specification=PAYMENTS,
        clock=SystemClock(),
        metrics=Metrics(),
        partitions=ENRICHED_PARTITIONS,
    )
    return bootstrap_learn.learn_stages(parts)[0]


def test_labels_belong_to_the_partitions_of_scored_events_whatever_enriched_events_has(match_stage):
    names = [f"e{at}" for at in range(40)]
    for owner in range(SCORED_PARTITIONS):
        step = match_stage.make_step(owner)
        own = next(name for name in names if partition_of(name.encode(), SCORED_PARTITIONS) == owner)
        value = a_label(own).model_dump_json().encode()
        record = SourceRecord("fraud-labels", owner, 0, own.encode(), value, int(NOON_S * 1000))
        assert step.process([record]).outgoing == []
        step.close()

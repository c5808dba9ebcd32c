"""Features of documents in history: those that a worker makes of the same documents."""

from dataclasses import replace

import numpy as np
import pytest

from stream.alerts.budget import AlertBudget
from stream.backtest.feature_pass import features_of
from stream.clock import FixedClock
from stream.events.decode import Decoder, SourceRecord
from stream.events.enriched_event import decode
from stream.events.history import history_records, read_history
from stream.features.counterparty import CounterpartyState
from stream.features.profile_state import ProfileState
from stream.features.specification import DOCUMENTS
from stream.metrics import Metrics
from stream.pipelines.active_versions import ActiveVersions
from stream.pipelines.profile_subject import ProfileStep
from stream.pipelines.score_event import Scoring, score_events
from stream.scoring.line_scorers import LineScorers
from stream.simulation.supply_chain.simulate import simulate_supply_chain
from stream.simulation.supply_chain.world_files import write_events
from tests.builders.economy import a_mixed_line
from tests.builders.supply_chain import a_documents_line
from tests.builders.weights import some_weights, weights_arrays

RUN = 64
LINES = {name: a_documents_line(line=name) for name in ("a-factoring", "a-warehouse_receipts")}


@pytest.fixture
def history(tmp_path):
    made = [a_mixed_line("factoring", 4), a_mixed_line("warehouse_receipts", 4)]
    small = [replace(line, sellers=12, buyers=6, deals_per_year=60) for line in made]
    write_events(simulate_supply_chain(small, 60, 1), tmp_path)
    return read_history(tmp_path / "events.parquet", LINES)


def scored_live(history):
    """Return what a worker's steps make of the history's records, in runs."""
    decoder, clock = Decoder(LINES, FixedClock(1e11)), FixedClock(1e11)
    step = ProfileStep(decoder, ProfileState(DOCUMENTS), Metrics(), 0, 1)
    weights = some_weights(weights_arrays(len(DOCUMENTS.features)), feature_hash=DOCUMENTS.hash, version=0)
    parts = CounterpartyState(), LineScorers(weights), ActiveVersions(), AlertBudget(), 1, clock
    scoring = Scoring(LINES, *parts)
    written = history_records(history, np.arange(len(history.batch)))
    records = [SourceRecord(one.topic + "-rekeyed", 0, at, one.key, one.value, 0) for at, one in enumerate(written)]
    scored = []
    for start in range(0, len(records), RUN):
        effects = step.process(records[start : start + RUN])
        assert not effects.rejected
        scored += score_events(scoring, [event for one in effects.outgoing for event in decode(one.value)])
    return scored


def test_history_has_the_features_that_the_live_steps_make_bit_for_bit(history):
    features, fresh = features_of(history, lambda _: None)
    scored = scored_live(history)
    assert fresh.all()
    assert [one.event_id for one in scored] == history.batch.event_id
    assert b"".join(one.features for one in scored) == features.tobytes()
    assert {one.feature_hash for one in scored} == {DOCUMENTS.hash}
    trade = features[:, len(DOCUMENTS.subject) : DOCUMENTS.profiled_width]
    assert np.isfinite(features).all()
    assert (trade.std(0) > 0).mean() > 0.8

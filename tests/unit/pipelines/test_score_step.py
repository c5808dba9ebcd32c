"""The second hop on one partition: records in, scored events, dead letters and metrics out."""

import asyncio

import msgspec
import numpy as np
import pytest

from stream.alerts.budget import AlertBudget
from stream.clock import FixedClock
from stream.events.decode import SourceRecord
from stream.events.enriched_event import (
    EnrichedEvent,
    EventsTogether,
    MatchedEvent,
    RiskUpdate,
    WeightsActivation,
    encode,
)
from stream.events.enriched_event import decode as decode_enriched
from stream.events.match_reason import MatchReason
from stream.events.scored_event import decode
from stream.features.counterparty import CounterpartyState
from stream.features.specification import DOCUMENTS, PAYMENTS
from stream.features.trade.trade_specification import ABSENT
from stream.metrics import Metrics
from stream.pipelines.active_versions import ActiveVersions
from stream.pipelines.effects import ALERT_CANDIDATES, SCORED_EVENTS
from stream.pipelines.estimated_precision import HALF_LIFE, EstimatedPrecision
from stream.pipelines.score_event import Scoring
from stream.pipelines.score_step import ScoreStep
from stream.scoring.line_scorers import LineScorers
from tests.builders.events import NOON_S, a_line
from tests.builders.supply_chain import a_documents_line
from tests.builders.weights import some_weights, weights_arrays, weights_of_the_specification

BROKEN_ACTIVATION = b"\x94\xa1a"


class WeightsThatAreAwaited:
    def __init__(self):
        self.awaited = []

    async def arrived(self, line, version):
        self.awaited.append((line, version))

    def went_live(self, *_):
        return None


@pytest.fixture
def weights():
    return WeightsThatAreAwaited()


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def step(weights, metrics):
    return a_step(weights, metrics, a_line())


def a_step(weights, metrics, *lines, initialisation=None):
    scorers = LineScorers(initialisation or weights_of_the_specification())
    by_name = {line.name: line for line in lines}
    parts = by_name, CounterpartyState(), scorers, ActiveVersions(), AlertBudget(), 1, FixedClock(NOON_S)
    return ScoreStep(Scoring(*parts), weights, metrics, EstimatedPrecision(), 0)


def an_enriched_event(at=0, width=PAYMENTS.profiled_width, **changed):
    fields = {
        "event_id": f"e{at}", "line": "cards", "subject": "card-1", "counterparty": "terminal-1", "currency": "EUR",
        "occurred_at_s": NOON_S, "amount_minor": 1_000, "amount": 10.0, "produced_at_ms": int(NOON_S * 1000) - 20,
        "features": np.zeros(width, "<f4").tobytes(),
    }  # fmt: skip
    return EnrichedEvent(**(fields | changed))


def records(*values):
    return [
        SourceRecord("enriched-events", 0, at, b"k", one if isinstance(one, bytes) else encode(one), 0)
        for at, one in enumerate(values)
    ]


def scored_ids(effects):
    return [decode(one.value).event_id for one in effects.outgoing if one.topic == SCORED_EVENTS]


def taken(step, waiting):
    asyncio.run(step.prepare(waiting))
    effects = step.process(waiting)
    step.committed()
    return effects


def test_an_activation_that_cannot_be_read_is_refused_and_those_around_it_are_waited_for(step, weights):
    swap = WeightsActivation("cards", 3)
    effects = taken(step, records(swap, BROKEN_ACTIVATION, an_enriched_event()))
    assert weights.awaited == [("cards", 3)]
    assert [(one.record.offset, one.reason) for one in effects.rejected] == [(1, "unreadable")]
    assert scored_ids(effects) == ["e0"]


def test_bytes_that_only_look_like_an_activation_are_waited_for_by_nobody(step, weights):
    # An array's length spells the tag; beyond an empty list of events it holds nothing that counts.
    forged = b"\xdc\xa1\x61" + b"\xa1t" + b"\x90" + b"\xc0" * (0xA161 - 2)
    effects = taken(step, records(forged, an_enriched_event()))
    assert weights.awaited == []
    assert scored_ids(effects) == ["e0"]


@pytest.mark.parametrize("width", [0, PAYMENTS.profiled_width - 1, PAYMENTS.profiled_width + 1])
def test_features_of_another_width_are_refused_and_the_rest_goes_on(step, width):
    effects = taken(step, records(an_enriched_event(0), an_enriched_event(1, width), an_enriched_event(2)))
    assert [(one.record.offset, one.reason, one.field) for one in effects.rejected] == [
        (1, "feature_width", "features")
    ]
    assert scored_ids(effects) == ["e0", "e2"]


def test_of_events_that_travel_together_those_that_do_not_fit_are_refused_each_alone(step):
    wide, unknown = an_enriched_event(1, PAYMENTS.profiled_width + 1), an_enriched_event(3, line="no-such-line")
    together = EventsTogether([an_enriched_event(0), wide, an_enriched_event(2), unknown])
    effects = taken(step, records(together, an_enriched_event(4)))
    assert [(one.record.offset, one.reason) for one in effects.rejected] == [
        (0, "feature_width"), (0, "unknown_line"),
    ]  # fmt: skip
    assert [decode_enriched(one.record.value) for one in effects.rejected] == [(wide,), (unknown,)]
    assert scored_ids(effects) == ["e0", "e2", "e4"]
    assert (effects.taken, effects.held) == (2, 5)


def test_records_that_hold_more_events_than_a_transaction_should_are_taken_in_turns(step):
    values = [EventsTogether([an_enriched_event(1_000 * at + n) for n in range(900)]) for at in range(4)]
    waiting, turns = records(*values), []
    while waiting:
        effects = taken(step, waiting)
        turns.append((effects.taken, effects.held, len(scored_ids(effects))))
        waiting = waiting[effects.taken :]
    assert turns == [(3, 2_700, 2_700), (1, 900, 900)]


def test_events_together_are_scored_as_events_alone(weights, metrics):
    events = [an_enriched_event(at, amount=1.0 + at, occurred_at_s=NOON_S + at) for at in range(6)]
    alone = values_of(taken(a_step(weights, metrics, a_line()), records(*events)))
    together = records(EventsTogether(events[:4]), events[4], EventsTogether(events[5:]))
    assert values_of(taken(a_step(weights, metrics, a_line()), together)) == alone


def test_features_cut_inside_a_number_are_refused(step):
    cut = an_enriched_event(features=b"\0" * (PAYMENTS.profiled_width * 4 - 1))
    assert [one.reason for one in taken(step, records(cut)).rejected] == ["feature_width"]


@pytest.mark.parametrize(
    "value",
    [
        b"\x92\xa1e\xa1\xff",
        b"\x92\xa1e" + b"\x91" * 100_000,
        b"\x94\xa1a\xa1\xff",
        b"\x92\xa1a" + b"\x91" * 100_000,
        None,
    ],
)
def test_text_that_is_no_utf8_and_nesting_without_end_are_refused_and_the_rest_goes_on(step, value):
    effects = taken(step, records(an_enriched_event(0), value, an_enriched_event(2)))
    assert [(one.record.offset, one.reason) for one in effects.rejected] == [(1, "unreadable")]
    assert scored_ids(effects) == ["e0", "e2"]


@pytest.mark.parametrize(
    "odd",
    [
        {"occurred_at_s": float("nan")}, {"occurred_at_s": float("inf")}, {"occurred_at_s": 1e300},
        {"amount": float("nan")}, {"amount": 1e300}, {"amount_minor": 2**63}, {"event_id": "x" * 257}, {"subject": ""},
    ],
)  # fmt: skip
def test_numbers_and_names_that_no_event_has_are_refused(step, odd):
    effects = taken(step, records(an_enriched_event(0), an_enriched_event(1, **odd), an_enriched_event(2)))
    assert [(one.record.offset, one.reason) for one in effects.rejected] == [(1, "unreadable")]
    assert scored_ids(effects) == ["e0", "e2"]


def test_the_newest_event_time_never_goes_back(step, metrics):
    for late_s in (0.0, 60.0):
        taken(step, records(an_enriched_event(int(late_s), occurred_at_s=NOON_S - late_s)))
    labels = {"topic": "enriched-events", "partition": "0"}
    assert metrics.registry.get_sample_value("foreshot_last_event_time_seconds", labels) == NOON_S


def test_an_events_wait_is_told_from_when_it_was_produced(step, metrics):
    taken(step, records(an_enriched_event()))
    found = metrics.registry.get_sample_value("foreshot_event_to_score_seconds_sum", {"line": "cards"})
    assert found == pytest.approx(0.02)


def test_the_estimated_precision_that_is_exposed_is_that_of_all_recent_candidates(step, metrics):
    candidates, means = [], []
    for start in range(0, 90, 30):
        times = [(at, NOON_S + 3_600 * at) for at in range(start, start + 30)]
        batch = [an_enriched_event(at, amount=1.0 + at, occurred_at_s=time_s) for at, time_s in times]
        alerted = [one for one in map(decode, values_of(taken(step, records(*batch)))) if one.alerted]
        candidates += [one.score for one in alerted]
        means.append(metrics.registry.get_sample_value("foreshot_estimated_precision", {"line": "cards"}))
    assert len(candidates) > 30
    assert means[-1] == pytest.approx(EstimatedPrecision().observe("cards", candidates))
    assert means[-1] != pytest.approx(np.mean([one.score for one in alerted]), abs=1e-9)


def values_of(effects):
    return [one.value for one in effects.outgoing if one.topic == SCORED_EVENTS]


def test_estimated_precision_is_a_mean_over_recent_candidates_and_not_over_the_last_batch():
    estimated = EstimatedPrecision()
    assert estimated.observe("cards", [0.2, 0.4]) == pytest.approx(0.3, abs=1e-3)
    assert estimated.observe("cards", [0.9]) == pytest.approx(0.5, abs=2e-3)
    assert estimated.observe("wallets", [0.9]) == pytest.approx(0.9)


def test_half_of_estimated_precision_is_made_by_the_last_half_life_of_candidates():
    estimated = EstimatedPrecision()
    estimated.observe("cards", [0.0] * 20_000)
    assert estimated.observe("cards", [1.0] * int(HALF_LIFE)) == pytest.approx(0.5, abs=1e-3)


def test_estimated_precision_does_not_depend_on_how_batches_are_cut():
    scores = np.random.default_rng(0).uniform(size=100).tolist()
    whole, cut = EstimatedPrecision(), EstimatedPrecision()
    for score in scores:
        found = cut.observe("cards", [score])
    assert found == whole.observe("cards", scores)


def a_matched_event(at, rule, **changed):
    plain = an_enriched_event(at, line="copper-finance", **changed)
    reasons = [MatchReason(rule, f"{rule}: invoice INV-1 was financed on 3 May 2023")]
    return MatchedEvent(**msgspec.structs.asdict(plain), reasons=reasons)


@pytest.mark.parametrize(("wanted", "alerted"), [("near", ["e1", "e3"]), ("exact", ["e1"]), ("never", [])])
def test_a_document_financed_before_raises_an_alert_whatever_its_score_as_its_line_wants(
    weights, metrics, wanted, alerted
):
    line = a_documents_line(alerts={"financed_before": wanted})
    update = RiskUpdate("e0", line.name, "terminal-1", NOON_S, 1.0)
    values = [
        an_enriched_event(0, line=line.name), a_matched_event(1, "exact"), update, an_enriched_event(2, line=line.name),
        a_matched_event(3, "renumbered"),
    ]  # fmt: skip
    effects = taken(a_step(weights, metrics, line), records(*values))
    scored = [decode(one.value) for one in effects.outgoing if one.topic == SCORED_EVENTS]
    assert [one.event_id for one in scored] == ["e0", "e1", "e2", "e3"]
    assert [one.event_id for one in scored if one.alerted] == alerted
    assert [[reason.feature for reason in one.reasons] for one in scored] == [
        [], ["document_match:exact"], [], ["document_match:renumbered"],
    ]  # fmt: skip
    assert scored[1].reasons[0].text == "exact: invoice INV-1 was financed on 3 May 2023"
    candidates = [decode(one.value) for one in effects.outgoing if one.topic == ALERT_CANDIDATES]
    assert [one.event_id for one in candidates] == alerted
    plain = [
        an_enriched_event(int(one.event_id[1:]), line=line.name) if isinstance(one, MatchedEvent) else one
        for one in values
    ]
    assert [one.score for one in scored] == [
        decode(one.value).score for one in taken(a_step(weights, metrics, line), records(*plain)).outgoing
    ]
    assert metrics.registry.get_sample_value("foreshot_estimated_precision", {"line": line.name}) is None


def test_a_matched_event_with_features_of_another_width_is_refused(weights, metrics):
    step = a_step(weights, metrics, a_documents_line())
    effects = taken(step, records(a_matched_event(0, "exact", features=b"\0" * 4)))
    assert [one.reason for one in effects.rejected] == ["feature_width"]


def test_what_was_profiled_before_the_installation_read_documents_is_scored_without_trade(weights, metrics):
    made = some_weights(weights_arrays(len(DOCUMENTS.features)), feature_hash=DOCUMENTS.hash, version=0)
    line = a_line()
    now = np.concatenate([np.ones(PAYMENTS.profiled_width, "<f4"), ABSENT.astype("<f4")])
    before = an_enriched_event(0, line=line.name, features=now[: PAYMENTS.profiled_width].tobytes())
    scored = [
        taken(a_step(weights, metrics, line, initialisation=made), records(one)).outgoing[0].value
        for one in (before, an_enriched_event(0, line=line.name, features=now.tobytes()))
    ]
    assert decode(scored[0]).features == decode(scored[1]).features
    assert decode(scored[0]).score == decode(scored[1]).score

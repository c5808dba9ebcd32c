"""What becomes of a label, whatever comes first: the label, its event or another label."""

import json
import math
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest

from stream.adaptation.event_hash import unit_hash
from stream.adaptation.label_state import AlertedLabels, LabelState
from stream.adaptation.memory_store import MemoryFeatureStore
from stream.events.label_horizons import LabelHorizons
from stream.pipelines.match_label import match_labels, match_scored
from tests.builders.events import a_label, a_line
from tests.builders.labelled_examples import NOON_S, a_scored_event

HOUR_S, DAY_S = 3_600.0, 86_400.0
HORIZON_S = 10 * DAY_S
LINES = {"cards": a_line(adaptation={"background_per_day": 1})}


class Matcher:
    """Feeds one partition's state and store; remembers the sum of its risk updates."""

    def __init__(self):
        self.state = LabelState(LabelHorizons(HORIZON_S))
        self.store = MemoryFeatureStore(LabelHorizons(HORIZON_S))
        self.risk = Counter()

    def score(self, *events):
        return self._summed(match_scored(self.state, self.store, events, next_offset=0, lines=LINES))

    def label(self, *labels):
        return self._summed(match_labels(self.state, self.store, [(one, 7) for one in labels], lines=LINES))

    def pass_time(self, seconds):
        return self.score(a_scored_event("much later", occurred_at_s=NOON_S + seconds))

    def _summed(self, effects):
        for update in effects.risk_updates:
            self.risk[update.event_id] += update.fraud_delta
        return effects


@pytest.fixture
def matcher():
    return Matcher()


def said(label="fraud", after_s=HOUR_S, event_id="e1", **changed):
    """Return a label given so long after noon."""
    return a_label(event_id, label=label, labelled_at=datetime.fromtimestamp(NOON_S + after_s, UTC), **changed)


def kinds(effects):
    return [(one.event_id, one.kind) for one in effects.examples if one.kind != "background"]


def outcomes(effects):
    return {(label, outcome): count for (_, label, outcome), count in effects.outcomes.items()}


def reasons(effects):
    return [(one.event_id, one.reason, one.record_index) for one in effects.refused]


def test_a_label_of_a_scored_event_makes_an_example_of_what_it_was_scored_from(matcher):
    matcher.score(a_scored_event(score=0.7, weights_version=3, alerted=True))
    effects = matcher.label(said())
    (example,) = effects.examples
    assert (example.kind, example.score, example.weights_version, example.alerted) == ("fraud", 0.7, 3, True)
    assert (example.label_produced_at_ms, example.share) == (7, 1.0)
    assert outcomes(effects) == {("fraud", "applied"): 1}
    assert effects.label_delays_s == [("cards", HOUR_S)]
    assert matcher.risk == {"e1": 1}


def test_a_label_dated_before_its_event_is_refused(matcher):
    matcher.score(a_scored_event())
    effects = matcher.label(said(after_s=-HOUR_S))
    assert reasons(effects) == [("e1", "label_before_event", 0)]
    assert "3600 s before its own event" in effects.refused[0].detail
    assert outcomes(effects) == {("fraud", "refused"): 1}
    assert (kinds(effects), matcher.risk) == ([], {})
    assert matcher.state.entry("cards", "e1") is None


def test_a_label_that_waited_and_proves_to_be_dated_before_its_event_is_refused(matcher):
    matcher.label(said(after_s=-HOUR_S))
    effects = matcher.score(a_scored_event())
    assert reasons(effects) == [("e1", "label_before_event", None)]
    assert matcher.state.entry("cards", "e1") is None


def test_a_label_of_an_event_not_yet_scored_waits_and_is_applied_when_it_is(matcher):
    assert outcomes(matcher.label(said())) == {("fraud", "pending"): 1}
    effects = matcher.score(a_scored_event())
    assert (kinds(effects), outcomes(effects)) == ([("e1", "fraud")], {("fraud", "applied"): 1})
    assert matcher.risk == {"e1": 1}


def test_a_label_whose_event_is_never_scored_is_refused_after_the_horizon_and_not_before(matcher):
    matcher.label(said(source="chargeback"))
    assert reasons(matcher.pass_time(HORIZON_S)) == []
    effects = matcher.pass_time(HORIZON_S + HOUR_S + 1)
    assert reasons(effects) == [("e1", "unknown_event", None)]
    assert json.loads(effects.refused[0].label)["source"] == "chargeback"
    assert effects.refused[0].produced_at_ms == 7
    assert outcomes(effects) == {("fraud", "refused"): 1}
    assert reasons(matcher.pass_time(2 * HORIZON_S)) == []


def test_a_label_of_an_event_older_than_the_horizon_is_refused_in_the_end(matcher):
    matcher.score(a_scored_event())
    matcher.pass_time(HORIZON_S + 1)
    assert outcomes(matcher.label(said())) == {("fraud", "pending"): 1}
    assert reasons(matcher.pass_time(2 * HORIZON_S + 2)) == [("e1", "unknown_event", None)]


def test_labels_of_lines_that_no_file_names_are_refused_and_counted_under_one_name(matcher):
    effects = matcher.label(*[said(line=f"invented-{at}") for at in range(5)])
    assert reasons(effects) == [("e1", "unknown_line", at) for at in range(5)]
    assert effects.outcomes == {("unknown", "fraud", "refused"): 5}
    assert [json.loads(one.label)["line"] for one in effects.refused] == [f"invented-{at}" for at in range(5)]


@pytest.mark.parametrize("again", [said(), said(after_s=2 * HOUR_S)])
def test_the_same_verdict_again_changes_nothing(matcher, again):
    matcher.score(a_scored_event())
    matcher.label(said())
    effects = matcher.label(again)
    assert (kinds(effects), outcomes(effects)) == ([], {("fraud", "duplicate"): 1})
    assert matcher.risk == {"e1": 1}


@pytest.mark.parametrize("after_s", [0.0, HOUR_S, 2 * HOUR_S])
def test_the_same_verdict_from_another_source_changes_nothing_but_is_told_to_the_learner(matcher, after_s):
    matcher.score(a_scored_event())
    matcher.label(said())
    effects = matcher.label(said(after_s=after_s, source="chargeback"))
    assert [(one.event_id, one.kind, one.source) for one in effects.examples] == [("e1", "fraud", "chargeback")]
    assert matcher.risk == {"e1": 1}


def test_an_older_word_of_another_source_is_heard_and_puts_nothing_in_force(matcher):
    matcher.score(a_scored_event())
    matcher.label(said("genuine", 2 * HOUR_S, source="portal"))
    effects = matcher.label(said("fraud", HOUR_S))
    assert (kinds(effects), outcomes(effects)) == ([("e1", "fraud")], {("fraud", "heard"): 1})
    assert matcher.risk == {}


def test_nobody_takes_back_another_sources_label(matcher):
    matcher.score(a_scored_event())
    matcher.label(said())
    effects = matcher.label(said(after_s=2 * HOUR_S, reverses=True, source="portal"))
    assert (kinds(effects), outcomes(effects)) == ([("e1", "withdrawn")], {("fraud", "heard"): 1})
    assert matcher.state.entry("cards", "e1").verdict == "fraud"
    assert matcher.risk == {"e1": 1}


def test_where_sources_are_named_the_others_are_heard_and_move_no_risk(matcher, monkeypatch):
    named = a_line(adaptation={"background_per_day": 1, "trusted_sources": ["analyst"]})
    monkeypatch.setitem(LINES, "cards", named)
    matcher.score(a_scored_event(), a_scored_event("e2"))
    effects = matcher.label(
        said(source="portal"), said(after_s=2 * HOUR_S), said("genuine", 3 * HOUR_S, source="portal"),
        said(event_id="e2", source="portal"),
    )  # fmt: skip
    assert kinds(effects) == [("e1", "fraud"), ("e1", "fraud"), ("e1", "genuine"), ("e2", "fraud")]
    assert matcher.risk == {"e1": 1}
    assert matcher.state.entry("cards", "e1").verdict == "fraud"


def test_a_named_sources_waiting_label_is_not_replaced_by_another_sources(matcher, monkeypatch):
    monkeypatch.setitem(LINES, "cards", a_line(adaptation={"trusted_sources": ["analyst"]}))
    matcher.label(said("genuine", source="portal"))
    matcher.label(said(after_s=2 * HOUR_S), said("genuine", 3 * HOUR_S, source="portal"))
    assert kinds(matcher.score(a_scored_event())) == [("e1", "fraud")]


def test_the_same_verdict_with_a_newer_date_outlasts_what_is_older_than_it(matcher):
    matcher.score(a_scored_event())
    matcher.label(said(), said(after_s=3 * HOUR_S))
    effects = matcher.label(said("genuine", 2 * HOUR_S))
    assert outcomes(effects) == {("genuine", "duplicate"): 1}
    assert matcher.risk == {"e1": 1}


def test_a_verdict_older_than_the_one_in_force_changes_nothing(matcher):
    matcher.score(a_scored_event())
    matcher.label(said("genuine", 2 * HOUR_S))
    effects = matcher.label(said("fraud", HOUR_S))
    assert (kinds(effects), outcomes(effects)) == ([], {("fraud", "duplicate"): 1})
    assert matcher.risk == {}


def test_a_newer_verdict_replaces_the_former_and_moves_the_risk_each_time(matcher):
    matcher.score(a_scored_event())
    deltas = []
    for hour, label in enumerate(["genuine", "fraud", "genuine", "fraud"], 1):
        effects = matcher.label(said(label, hour * HOUR_S))
        assert kinds(effects) == [("e1", label)]
        assert outcomes(effects) == {(label, "applied"): 1}
        deltas.append([one.fraud_delta for one in effects.risk_updates])
    assert deltas == [[], [1.0], [-1.0], [1.0]]


def test_a_risk_update_names_its_events_counterparty_and_time(matcher):
    matcher.score(a_scored_event(counterparty="terminal-9", occurred_at_s=NOON_S + 5))
    (update,) = matcher.label(said()).risk_updates
    assert (update.line, update.counterparty, update.occurred_at_s) == ("cards", "terminal-9", NOON_S + 5)


def test_a_reversal_withdraws_the_label_and_takes_the_risk_back(matcher):
    matcher.score(a_scored_event())
    matcher.label(said())
    effects = matcher.label(said(after_s=2 * HOUR_S, reverses=True))
    assert (kinds(effects), outcomes(effects)) == ([("e1", "withdrawn")], {("fraud", "withdrawn"): 1})
    assert effects.label_delays_s == []
    assert matcher.risk == {"e1": 0}


def test_a_withdrawn_label_can_be_given_anew(matcher):
    matcher.score(a_scored_event())
    matcher.label(said(), said(after_s=2 * HOUR_S, reverses=True))
    assert kinds(matcher.label(said(after_s=3 * HOUR_S))) == [("e1", "fraud")]
    assert matcher.risk == {"e1": 1}


def test_a_reversal_older_than_the_label_withdraws_nothing(matcher):
    matcher.score(a_scored_event())
    matcher.label(said(after_s=2 * HOUR_S))
    assert kinds(matcher.label(said(after_s=HOUR_S, reverses=True))) == []
    assert matcher.risk == {"e1": 1}


def test_a_waiting_label_that_is_reversed_before_its_event_comes_is_never_learnt(matcher):
    matcher.label(said())
    assert outcomes(matcher.label(said(after_s=2 * HOUR_S, reverses=True))) == {("fraud", "pending"): 1}
    effects = matcher.score(a_scored_event())
    assert (kinds(effects), effects.risk_updates) == ([], [])


def test_of_two_waiting_labels_the_newer_is_learnt(matcher):
    assert outcomes(matcher.label(said("genuine", 2 * HOUR_S))) == {("genuine", "pending"): 1}
    assert outcomes(matcher.label(said("fraud", HOUR_S))) == {("fraud", "duplicate"): 1}
    assert kinds(matcher.score(a_scored_event())) == [("e1", "genuine")]
    assert matcher.risk == {}


def test_labels_of_one_batch_are_taken_one_after_the_other(matcher):
    matcher.score(a_scored_event())
    effects = matcher.label(said(), said(), said("genuine", 2 * HOUR_S), said("genuine", 3 * HOUR_S, reverses=True))
    assert kinds(effects) == [("e1", "fraud"), ("e1", "genuine"), ("e1", "withdrawn")]
    assert matcher.risk == {"e1": 0}


def alerted_labels(matcher):
    return tuple(matcher.state.alerted.get("cards", AlertedLabels()))[:2]


def lost(matcher):
    """Return what was lost on alerted events and on others, minor units."""
    return tuple(matcher.state.alerted.get("cards", AlertedLabels()))[2:]


def test_what_was_lost_is_that_of_the_labels_in_force_alerted_or_missed(matcher):
    matcher.score(a_scored_event(alerted=True), a_scored_event("e2"))
    matcher.label(said(loss_minor=500), said(event_id="e2", loss_minor=70))
    assert lost(matcher) == (500, 70)
    matcher.label(said(after_s=2 * HOUR_S, loss_minor=800))
    assert lost(matcher) == (800, 70)
    matcher.label(said(after_s=3 * HOUR_S, loss_minor=9, source="somebody else"))
    assert lost(matcher) == (800, 70)
    changes = matcher.state.drain_changes()
    restored = LabelState(LabelHorizons(HORIZON_S))
    restored.restore(changes)
    assert restored.alerted == matcher.state.alerted
    matcher.label(said("genuine", 4 * HOUR_S), said(event_id="e2", after_s=4 * HOUR_S, reverses=True))
    assert lost(matcher) == (0, 0)


def test_labels_in_force_on_alerted_events_are_counted_once_whatever_is_said_after(matcher):
    matcher.score(a_scored_event(alerted=True), a_scored_event("e2", alerted=True), a_scored_event("e3"))
    matcher.label(said(), said(event_id="e2"), said(event_id="e3"))
    assert alerted_labels(matcher) == (2, 2)
    matcher.label(said(after_s=2 * HOUR_S), said("genuine", 2 * HOUR_S, "e2"))
    assert alerted_labels(matcher) == (2, 1)
    matcher.label(said(after_s=3 * HOUR_S, reverses=True))
    assert alerted_labels(matcher) == (1, 0)


def test_waiting_labels_count_for_alerts_only_once_their_event_is_scored(matcher):
    matcher.label(said())
    assert alerted_labels(matcher) == (0, 0)
    matcher.score(a_scored_event(alerted=True))
    assert alerted_labels(matcher) == (1, 1)


def test_a_lines_own_horizon_takes_labels_that_others_would_not(matcher):
    horizons = LabelHorizons(HORIZON_S, {"cards": 3 * HORIZON_S})
    matcher.state, matcher.store = LabelState(horizons), MemoryFeatureStore(horizons)
    matcher.score(a_scored_event())
    matcher.pass_time(2 * HORIZON_S)
    assert kinds(matcher.label(said(after_s=2 * HORIZON_S))) == [("e1", "fraud")]


def test_labels_past_the_horizon_leave_the_count_of_alerts(matcher):
    matcher.score(a_scored_event(alerted=True))
    matcher.label(said())
    matcher.pass_time(HORIZON_S + 1)
    assert alerted_labels(matcher) == (0, 0)


def test_a_restored_state_counts_the_same_labels_on_alerts(matcher):
    matcher.score(a_scored_event(alerted=True), a_scored_event("e2", alerted=True))
    matcher.label(said(), said("genuine", event_id="e2"))
    changes = matcher.state.drain_changes()
    matcher.label(said("genuine", 2 * HOUR_S))
    changes += matcher.state.drain_changes()
    restored = LabelState(LabelHorizons(HORIZON_S))
    restored.restore(changes)
    assert restored.alerted == matcher.state.alerted == {"cards": AlertedLabels(2)}


def sampled_one_by_one(events, per_day, partitions):
    """Return which events of one line become background, and the share each was drawn with, in plain Python."""
    newest = oldest = events[0].occurred_at_s
    decayed, taken = 0.0, []
    for seen, event in enumerate(events, 1):
        ahead_s = event.occurred_at_s - newest
        decayed = decayed * 2 ** (-ahead_s / 86_400) + 1 if ahead_s > 0 else decayed + 2 ** (ahead_s / 86_400)
        newest, oldest = max(newest, event.occurred_at_s), min(oldest, event.occurred_at_s)
        rate = decayed * math.log(2) / (1 - 2 ** (-max(newest - oldest, 3_600) / 86_400))
        share = 1.0 if seen * partitions <= 640 else min(1.0, per_day / partitions / rate)
        if unit_hash(b"background", event.line, event.event_id) < share:
            taken.append((event.event_id, share))
    return taken


@pytest.mark.parametrize("partitions", [1, 4])
def test_background_is_a_lines_first_events_then_its_share_of_a_day_and_nothing_of_unknown_lines(partitions):
    lines = {
        "cards": a_line(adaptation={"background_per_day": 200}),
        "loans": a_line(line="loans", adaptation={"background_per_day": 90}),
    }
    chance = np.random.default_rng(0)
    times = NOON_S + np.sort(chance.uniform(0, 5 * 86_400, 3_000)) + chance.normal(0, 1_800, 3_000)
    names = chance.choice(["cards", "loans", "no-such-line"], 3_000, p=[0.6, 0.3, 0.1]).tolist()
    events = [
        a_scored_event(f"e{at}", line=name, occurred_at_s=time)
        for at, (name, time) in enumerate(zip(names, times.tolist(), strict=True))
    ]
    state, found = LabelState(LabelHorizons(HORIZON_S)), []
    for start in range(0, 3_000, 512):
        store, run = MemoryFeatureStore(LabelHorizons(HORIZON_S)), events[start : start + 512]
        found += match_scored(state, store, run, next_offset=0, lines=lines, partitions=partitions).examples
    assert {one.kind for one in found} == {"background"}
    for name, line in lines.items():
        own = [event for event in events if event.line == name]
        expected = sampled_one_by_one(own, line.adaptation.background_per_day, partitions)
        assert [(one.event_id, one.share) for one in found if one.line == name] == [
            (event_id, pytest.approx(share)) for event_id, share in expected
        ]
        assert 640 / partitions < len(expected) < len(own)
    assert {one.line for one in found} == set(lines)

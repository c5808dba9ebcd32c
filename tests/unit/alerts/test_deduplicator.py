"""One alert for each subject and period."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.alerts.deduplicator import KEPT_PERIODS, AlertDeduplicator
from stream.events.scored_event import Reason
from tests.builders.labelled_examples import a_scored_event

DAY_S = 86_400.0
MIDNIGHT_S = 19_675 * DAY_S


def a_candidate(at_s=0.0, subject="card-1", line="cards", **changed):
    return a_scored_event(occurred_at_s=MIDNIGHT_S + at_s, subject=subject, line=line, alerted=True, **changed)


def raised(deduplicator, candidates, period_s=DAY_S):
    return [deduplicator.raise_alert(one, period_s, "near") is not None for one in candidates]


candidates = st.lists(
    st.builds(
        a_candidate,
        at_s=st.floats(0, 80 * DAY_S).map(round),
        subject=st.sampled_from(["a", "b", "with\0nul", "ü:1"]),
        line=st.sampled_from(["cards", "loans"]),
    ),
    max_size=40,
)


def test_a_subject_has_one_alert_a_period():
    found = raised(AlertDeduplicator(), [a_candidate(0), a_candidate(10), a_candidate(DAY_S - 1), a_candidate(DAY_S)])
    assert found == [True, False, False, True]


FINANCED_BEFORE = [Reason("document_match:exact", "invoice INV-1 was financed on 3 May 2023", 0.0)]


def test_an_alert_by_score_does_not_silence_one_for_a_document_financed_before_nor_the_other_way_round():
    by_score, by_match = a_candidate(), a_candidate(10, reasons=FINANCED_BEFORE)
    for order in ((by_score, by_match), (by_match, by_score)):
        deduplicator = AlertDeduplicator()
        assert raised(deduplicator, [*order, *order]) == [True, True, False, False]
        restored = AlertDeduplicator()
        restored.restore(deduplicator.drain_changes())
        assert raised(restored, order) == [False, False]


def test_an_event_with_both_causes_counts_for_both():
    both = a_candidate(20, reasons=FINANCED_BEFORE, score=0.9, threshold=0.5)
    by_score, by_match = a_candidate(score=0.9, threshold=0.5), a_candidate(10, reasons=FINANCED_BEFORE)
    assert raised(AlertDeduplicator(), [both, by_score, by_match]) == [True, False, False]
    assert raised(AlertDeduplicator(), [by_match, both, by_score]) == [True, True, False]
    assert raised(AlertDeduplicator(), [by_score, both, by_match]) == [True, True, False]


def test_a_match_for_which_no_rule_alerts_changes_nothing():
    candidates = [a_candidate(at, reasons=FINANCED_BEFORE, score=0.9, threshold=0.5) for at in (0, 10)]
    deduplicator = AlertDeduplicator()
    first, second = (deduplicator.raise_alert(one, DAY_S, "never") for one in [candidates[0], a_candidate(5)])
    assert first is not None
    assert not first.alert_id.endswith(":financed-before")
    assert second is None
    assert deduplicator.raise_alert(candidates[1], DAY_S, "never") is None


def test_subjects_and_lines_have_their_own_alerts():
    found = raised(
        AlertDeduplicator(), [a_candidate(), a_candidate(subject="card-2"), a_candidate(line="loans"), a_candidate()]
    )
    assert found == [True, True, True, False]


def test_the_first_to_arrive_is_the_alert_though_another_happened_before():
    deduplicator = AlertDeduplicator()
    alert = deduplicator.raise_alert(a_candidate(500, event_id="later"), DAY_S, "near")
    assert alert is not None
    assert alert.event_id == "later"
    assert deduplicator.raise_alert(a_candidate(100, event_id="earlier"), DAY_S, "near") is None


def test_a_late_event_counts_in_its_own_period():
    found = raised(AlertDeduplicator(), [a_candidate(0), a_candidate(5 * DAY_S), a_candidate(60), a_candidate(DAY_S)])
    assert found == [True, True, False, True]


def test_events_out_of_mind_still_raise_their_alert_under_the_same_name():
    deduplicator = AlertDeduplicator()
    first = deduplicator.raise_alert(a_candidate(0), DAY_S, "near")
    deduplicator.raise_alert(a_candidate((KEPT_PERIODS + 1) * DAY_S), DAY_S, "near")
    deduplicator.drain_changes()
    assert first is not None
    for _ in range(2):
        again = deduplicator.raise_alert(a_candidate(0), DAY_S, "near")
        assert again is not None
        assert again.alert_id == first.alert_id
    assert deduplicator.drain_changes() == []


def test_what_is_out_of_mind_leaves_memory_and_changelog():
    deduplicator = AlertDeduplicator()
    for day in range(500):
        deduplicator.raise_alert(a_candidate(day * DAY_S, subject=f"card-{day}"), DAY_S, "near")
    kept = dict(deduplicator.drain_changes())
    assert sum(value is not None for value in kept.values()) == KEPT_PERIODS + 1
    assert deduplicator.size_bytes() < 20_000


def test_lines_forget_by_their_own_events():
    deduplicator = AlertDeduplicator()
    deduplicator.raise_alert(a_candidate(0), DAY_S, "near")
    deduplicator.raise_alert(a_candidate(400 * DAY_S, line="loans"), DAY_S, "near")
    assert deduplicator.raise_alert(a_candidate(1), DAY_S, "near") is None


@given(candidates)
def test_within_the_kept_periods_alerts_are_the_distinct_subjects_and_periods(given_candidates):
    recent = [one for one in given_candidates if one.occurred_at_s < MIDNIGHT_S + KEPT_PERIODS * DAY_S]
    distinct = {(one.line, one.subject, one.occurred_at_s // DAY_S) for one in recent}
    assert sum(raised(AlertDeduplicator(), recent)) == len(distinct)


@settings(max_examples=200)
@given(candidates, st.lists(st.integers(0, 40), max_size=4))
def test_a_state_restored_from_its_changelog_decides_as_one_undisturbed(given_candidates, cuts):
    undisturbed = AlertDeduplicator()
    expected = raised(undisturbed, given_candidates)
    found, changelog, state = [], {}, AlertDeduplicator()
    bounds = sorted({0, len(given_candidates), *(cut for cut in cuts if cut < len(given_candidates))})
    for start, end in pairwise(bounds):
        found += raised(state, given_candidates[start:end])
        changelog.update(state.drain_changes())
        state = AlertDeduplicator()
        state.restore(changelog.items())
    assert found == expected
    assert changelog == dict(undisturbed.drain_changes())
    assert {key for key, value in changelog.items() if value} == {key for key, value in everything_in(state)}


@given(candidates)
def test_a_whole_uncompacted_changelog_restores_the_same(given_candidates):
    state, log = AlertDeduplicator(), []
    for one in given_candidates:
        state.raise_alert(one, DAY_S, "near")
        log += state.drain_changes()
    restored = AlertDeduplicator()
    assert restored.restore(log) == len(log)
    assert everything_in(restored) == everything_in(state)


def everything_in(state):
    return {
        (f"{line}\0{subject}\0{start_s!r}".encode(), b"\1")
        for line, periods in state._raised.items()
        for start_s, subjects in periods.items()
        for subject in subjects
    }


@pytest.mark.parametrize("period_s", [3600.0, DAY_S, 7 * DAY_S])
def test_periods_are_counted_from_the_epoch(period_s):
    deduplicator = AlertDeduplicator()
    start_s = (MIDNIGHT_S // period_s) * period_s - MIDNIGHT_S
    found = raised(
        deduplicator,
        [a_candidate(start_s), a_candidate(start_s + period_s - 1), a_candidate(start_s + period_s)],
        period_s,
    )
    assert found == [True, False, True]

"""A line's alerts keep to its budget."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.alerts.budget import AlertBudget
from stream.alerts.recent_scores import LEAST_EVENTS
from stream.scoring.score_histogram import histogram_of

DAY_S = 86_400.0
START_S = 1.7e9


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


def a_stream(days, per_day, seed=0, mean=-5.0, start_s=START_S):
    generator = np.random.default_rng(seed)
    count = int(days * per_day)
    return sigmoid(generator.normal(mean, 2, count)), start_s + np.sort(generator.uniform(0, days * DAY_S, count))


def alerts_by_day(alerted, occurred_at_s):
    return np.bincount(((occurred_at_s - occurred_at_s[0]) // DAY_S).astype(int), alerted)


def decide(budget, scores, occurred_at_s, per_day=100.0, partitions=1, line="cards"):
    return budget.observe_and_decide(
        [line] * len(scores),
        np.asarray(scores, float),
        np.asarray(occurred_at_s, float),
        np.full(len(scores), per_day),
        partitions,
    )


events = st.lists(
    st.tuples(
        st.one_of(st.floats(0, 1), st.sampled_from([0.0, 1.0, 0.5, float("nan")])),
        st.one_of(st.floats(START_S, START_S + 40 * DAY_S), st.floats(0, 1e11)),
    ),
    min_size=1,
    max_size=80,
)


@pytest.mark.parametrize(("per_day", "allowed"), [(20_000, 100.0), (3_000, 50.0), (200, 20.0), (20_000, 2.5)])
def test_over_a_long_stream_alerts_a_day_are_the_budget_within_15_per_cent(per_day, allowed):
    scores, times_s = a_stream(days=60, per_day=per_day)
    _, alerted = decide(AlertBudget(), scores, times_s, allowed)
    assert alerted.sum() / 60 == pytest.approx(allowed, rel=0.15)


def test_a_young_line_is_allowed_no_more_than_its_age():
    scores, times_s = a_stream(days=1, per_day=20_000)
    _, alerted = decide(AlertBudget(), scores, times_s)
    within_hours = [alerted[times_s < START_S + hours * 3600].sum() for hours in (1, 6, 24)]
    assert within_hours[0] <= 15
    assert within_hours[1] == pytest.approx(25, abs=15)
    assert within_hours[2] == pytest.approx(100, rel=0.25)


@pytest.mark.parametrize("change", [2.0, -2.0])
def test_after_scores_drift_the_budget_is_kept_again(change):
    before, before_s = a_stream(10, 20_000)
    after, after_s = a_stream(14, 20_000, seed=1, mean=-5 + change, start_s=START_S + 10 * DAY_S)
    _, alerted = decide(AlertBudget(), np.concatenate([before, after]), np.concatenate([before_s, after_s]))
    by_day = alerts_by_day(alerted, np.concatenate([before_s, after_s]))
    assert by_day[2:10].mean() == pytest.approx(100, rel=0.15)
    assert by_day[17:24].mean() == pytest.approx(100, rel=0.15)


def test_a_line_spread_over_partitions_keeps_one_budget():
    scores, times_s = a_stream(days=30, per_day=20_000)
    total = 0
    for partition in range(4):
        _, alerted = decide(AlertBudget(), scores[partition::4], times_s[partition::4], partitions=4)
        total += alerted.sum()
    assert total / 30 == pytest.approx(100, rel=0.15)


def test_a_line_with_fewer_events_than_its_budget_has_all_of_them_alerted():
    scores, times_s = a_stream(days=30, per_day=10)
    _, alerted = decide(AlertBudget(), scores, times_s, per_day=100.0)
    assert alerted[40:].all()


def test_the_first_events_of_a_line_raise_nothing():
    threshold, alerted = decide(AlertBudget(), np.ones(int(LEAST_EVENTS)), START_S + 3600 * np.arange(LEAST_EVENTS))
    assert (threshold == 1).all()
    assert not alerted.any()


@pytest.mark.parametrize("silence_days", [1, 3, 30, 4 * 365])
def test_after_a_silence_there_is_no_flood_of_alerts(silence_days):
    budget = AlertBudget()
    decide(budget, *a_stream(10, 20_000))
    scores, times_s = a_stream(1, 20_000, seed=1, start_s=START_S + (10 + silence_days) * DAY_S)
    threshold, alerted = decide(budget, scores, times_s)
    assert np.isfinite(threshold).all()
    assert alerted.sum() <= 200


@given(events, st.floats(0, 1e9), st.integers(1, 64))
def test_no_threshold_is_ever_not_a_number(given_events, per_day, partitions):
    scores, times_s = map(list, zip(*given_events, strict=True))
    budget = AlertBudget()
    for _ in range(2):
        threshold, alerted = decide(budget, scores, times_s, per_day, partitions)
        assert ((threshold >= 0) & (threshold <= 1)).all()
        assert (np.asarray(scores)[alerted] >= threshold[alerted]).all()
    assert all(np.isfinite(np.frombuffer(part)).all() for _, part in budget.drain_changes())


def test_the_budget_is_kept_for_years():
    scores, times_s = a_stream(days=1500, per_day=50)
    threshold, alerted = decide(AlertBudget(), scores, times_s, 5.0)
    assert np.isfinite(threshold).all()
    for year in range(4):
        within = (times_s >= START_S + year * 365 * DAY_S) & (times_s < START_S + (year + 1) * 365 * DAY_S)
        assert alerted[within].sum() / 365 == pytest.approx(5, rel=0.15)


def test_a_budget_of_nothing_raises_nothing():
    _, alerted = decide(AlertBudget(), *a_stream(3, 2_000), per_day=0.0)
    assert not alerted.any()


def test_an_event_is_judged_by_those_before_it_alone():
    scores, times_s = a_stream(2, 2_000)
    changed = scores.copy()
    changed[-1] = 0.999
    threshold, _ = decide(AlertBudget(), scores, times_s)
    other, _ = decide(AlertBudget(), changed, times_s)
    assert threshold.tobytes() == other.tobytes()


def test_the_threshold_lies_within_a_bin_where_the_budget_ends():
    # One bin is .047 of a logit: thresholds that moved by whole bins would take few values.
    threshold, _ = decide(AlertBudget(), *a_stream(3, 5_000))
    assert len(np.unique(threshold[5_000:])) > 5_000


def test_lines_do_not_touch_each_other():
    scores, times_s = a_stream(2, 2_000)
    alone, _ = decide(AlertBudget(), scores, times_s)
    budget = AlertBudget()
    decide(budget, *a_stream(2, 2_000, seed=5, mean=3.0), line="loans")
    beside, _ = decide(budget, scores, times_s)
    assert alone.tobytes() == beside.tobytes()


@settings(max_examples=50)
@given(events, st.lists(st.integers(0, 80), max_size=6))
def test_where_batches_are_cut_changes_no_bit(given_events, cuts):
    scores, times_s = map(np.array, zip(*given_events, strict=True))
    whole = AlertBudget()
    expected, _ = decide(whole, scores, times_s)
    parts = AlertBudget()
    bounds = sorted({0, len(scores), *(cut for cut in cuts if cut < len(scores))})
    found = [decide(parts, scores[a:b], times_s[a:b])[0] for a, b in pairwise(bounds)]
    assert np.concatenate(found).tobytes() == expected.tobytes()
    assert parts.drain_changes() == whole.drain_changes()


@settings(max_examples=50)
@given(events, st.integers(0, 80))
def test_a_state_restored_from_its_changelog_goes_on_as_one_undisturbed(given_events, cut):
    scores, times_s = map(np.array, zip(*given_events, strict=True))
    undisturbed, stopped, restored = AlertBudget(), AlertBudget(), AlertBudget()
    expected, _ = decide(undisturbed, scores, times_s)
    first, _ = decide(stopped, scores[:cut], times_s[:cut])
    changelog = stopped.drain_changes()
    restored.restore(changelog)
    second, _ = decide(restored, scores[cut:], times_s[cut:])
    assert np.concatenate([first, second]).tobytes() == expected.tobytes()
    assert dict(changelog + restored.drain_changes()) == dict(undisturbed.drain_changes())


def lines_of(changes):
    return [key for key, _ in changes if b"\0" not in key]


def test_only_touched_lines_are_written_and_each_once():
    budget = AlertBudget()
    scores, times_s = a_stream(1, 100)
    decide(budget, scores, times_s, line="loans")
    decide(budget, scores, times_s, line="cards")
    decide(budget, scores, times_s, line="cards")
    assert lines_of(budget.drain_changes()) == [b"cards", b"loans"]
    assert budget.drain_changes() == []
    decide(budget, scores, times_s, line="loans")
    assert lines_of(budget.drain_changes()) == [b"loans"]


def test_an_event_writes_its_lines_counts_and_one_block_of_its_scores():
    budget = AlertBudget()
    decide(budget, *a_stream(1, 1_000))
    budget.drain_changes()
    decide(budget, [0.5], [START_S + DAY_S])
    changes = budget.drain_changes()
    assert [key for key, _ in changes] == [b"cards", b"cards\x0016"]
    assert sum(len(value) for _, value in changes) < 200


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), min_size=1, max_size=60))
def test_lines_in_one_batch_are_judged_as_each_alone(given_events):
    lines, scores = map(list, zip(*given_events, strict=True))
    times_s = START_S + 600.0 * np.arange(len(lines))
    together = AlertBudget()
    expected, _ = together.observe_and_decide(lines, np.array(scores), times_s, np.full(len(lines), 50.0), 1)
    apart = AlertBudget()
    for at, line in enumerate(lines):
        found, _ = decide(apart, scores[at : at + 1], times_s[at : at + 1], 50.0, line=line)
        assert found[0] == expected[at]
    assert apart.drain_changes() == together.drain_changes()


def as_an_earlier_release_wrote_it(changes):
    """Return the one row: all bins, the sums of 16, times and counts."""
    parts = dict(changes)
    blocks = [np.frombuffer(parts.get(b"cards\0%d" % block, bytes(17 * 8))) for block in range(32)]
    bins, sums = [block[:-1] for block in blocks], [block[-1:] for block in blocks]
    return np.concatenate([*bins, *sums, np.frombuffer(parts[b"cards"])]).tobytes()


def test_a_row_that_an_earlier_release_wrote_whole_is_taken_and_written_anew_by_blocks():
    former, budget, restored = AlertBudget(), AlertBudget(), AlertBudget()
    decide(former, *a_stream(2, 2_000))
    row = as_an_earlier_release_wrote_it(former.drain_changes())
    assert budget.restore([(b"cards", row)]) == 1
    decide(budget, [0.5], [START_S + 2 * DAY_S])
    decide(former, [0.5], [START_S + 2 * DAY_S])
    restored.restore(budget.drain_changes())
    again, _ = decide(restored, [0.9], [START_S + 3 * DAY_S])
    assert again[0] == decide(former, [0.9], [START_S + 3 * DAY_S])[0][0]


def test_a_row_of_another_release_is_passed_over():
    budget = AlertBudget()
    unknown = [(b"cards", b"\0" * 800), (b"loans", None), (b"cards\x0032", bytes(136)), (b"cards\0x", bytes(136))]
    assert budget.restore(unknown) == 0
    assert budget.size_bytes() == 0


def test_new_weights_bring_their_own_scores_and_the_budget_holds_from_the_first_event():
    budget = AlertBudget()
    decide(budget, *a_stream(10, 20_000, mean=-5))
    fresh, fresh_s = a_stream(1, 20_000, seed=1, mean=-1, start_s=START_S + 10 * DAY_S)
    stale = AlertBudget()
    stale.restore(budget.drain_changes())
    budget.reseed("cards", histogram_of(a_stream(1, 50_000, seed=2, mean=-1)[0]))
    assert decide(budget, fresh, fresh_s)[1].sum() == pytest.approx(100, rel=0.3)
    assert decide(stale, fresh, fresh_s)[1].sum() > 400


def test_new_weights_of_a_line_without_events_wait_for_them():
    budget = AlertBudget()
    budget.reseed("cards", histogram_of(np.array([0.5])))
    assert budget.drain_changes() == []
    threshold, _ = decide(budget, [0.9], [START_S])
    assert threshold[0] == 1.0

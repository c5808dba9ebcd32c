"""Support evidence against slow plain Python, and by law."""

from math import exp, log, pi, sqrt

import numpy as np
import pytest

from metalearn.evidence.column_kernel import BLOCKS
from metalearn.evidence.density_ratio import REACH, kernel_sums
from metalearn.evidence.exemplar import (
    MOST_BACKGROUND,
    feature_weights,
    relevance,
    sorted_background,
    surprise_table,
)
from metalearn.evidence.shared_tails import CHANCE, STEPS, tail_steps
from metalearn.evidence.support_state import SupportState, column_count, learn_support, network_columns
from metalearn.support import LineSupport

FEATURES = 3


def some_support(frauds=4, genuine=12, unlabelled=40, seed=0):
    generator = np.random.default_rng(seed)

    def rows(count, centre):
        # A coarse grid, so that values repeat.
        return np.round(generator.normal(centre, 1.0, (count, FEATURES)), 1).astype(np.float32)

    return LineSupport(rows(frauds, 1.0), rows(genuine, 0.0), rows(unlabelled, 0.0))


def between(background, row, exemplar):
    low, high = min(row, exemplar), max(row, exemplar)
    return sum(low <= value <= high for value in background)


def surprise(background, row, exemplar, less=0):
    return -log(min((1 + 2 * (between(background, row, exemplar) - less)) / (len(background) + 1), 1.0))


def test_the_surprise_of_a_row_and_an_exemplar_counts_the_background_from_the_one_to_the_other():
    support = some_support()
    background = np.concatenate([support.genuine, support.unlabelled])
    state = learn_support(support).state
    weights = feature_weights(state.relevant)
    rows = np.round(np.random.default_rng(1).normal(0.5, 1.5, (20, FEATURES)), 1).astype(np.float32)
    columns = state.columns(rows)
    for row, found in zip(rows, columns, strict=True):
        table = np.array(
            [[surprise(background[:, j], row[j], fraud[j]) for j in range(FEATURES)] for fraud in support.frauds]
        )
        weighted, totals = table @ weights, BLOCKS * FEATURES
        assert found[4 * FEATURES : 5 * FEATURES] == pytest.approx(table.mean(0), abs=1e-5)
        assert found[3 * FEATURES : 4 * FEATURES].sum() <= table.max(0).sum() + 1e-5
        assert found[totals : totals + 2] == pytest.approx([table.sum(1).max(), weighted.max()], abs=1e-4)
        smooth = [log(np.mean(np.exp(sums / 2))) for sums in (weighted, table.sum(1))]
        assert found[totals + 2 : totals + 4] == pytest.approx(smooth, abs=1e-4)
        best = [np.sort(weighted)[-3:].mean(), weighted.mean()]
        assert found[totals + 4 : totals + 6] == pytest.approx(best, abs=1e-4)


def test_relevance_is_how_close_the_nearest_other_fraud_is():
    support = some_support()
    background = np.concatenate([support.genuine, support.unlabelled])
    frauds = support.frauds
    expected = []
    for j in range(FEATURES):
        nearest = [
            max(surprise(background[:, j], one[j], other[j]) for at, other in enumerate(frauds) if at != own)
            for own, one in enumerate(frauds)
        ]
        expected.append((sum(nearest) + 3.0) / (len(frauds) + 2.0))
    assert learn_support(support).state.relevant == pytest.approx(expected, abs=1e-5)
    weights = feature_weights(np.array(expected, np.float32))
    assert weights.mean() == pytest.approx(1.0)
    assert (weights > 0).all()


def test_one_fraud_alone_says_nothing_of_relevance_and_none_says_nothing_at_all():
    low = np.zeros((1, FEATURES), np.int32)
    assert relevance(low, low, surprise_table(5)).tolist() == [1.5] * FEATURES
    none = learn_support(some_support(frauds=0)).state
    columns = none.columns(np.ones((2, FEATURES), np.float32))
    assert not columns[:, FEATURES : BLOCKS * FEATURES + 9].any()


def test_density_ratios_are_sums_of_kernels():
    support = some_support(frauds=3, genuine=10, unlabelled=0)
    sums = kernel_sums(support.frauds, support.genuine)
    ratio, shrunk = sums.tables()
    grid = np.linspace(-REACH, REACH, ratio.shape[1])

    def normal(apart, width):
        return exp(-0.5 * (apart / width) ** 2) / (width * sqrt(2 * pi))

    at = int(np.argmin(np.abs(grid - 1.0)))
    for j in range(FEATURES):
        wide = 0.2 * exp(-0.5 * (grid[at] / 2) ** 2) + 0.01
        of_frauds = (sum(normal(grid[at] - one, 0.3) for one in support.frauds[:, j]) + wide) / 4
        of_others = (sum(normal(grid[at] - one, 0.3) for one in support.genuine[:, j]) + np.e * wide) / (10 + np.e)
        assert ratio[j, at] == pytest.approx(log(of_frauds / of_others), abs=0.05)
    far = np.abs(support.frauds).max() < REACH - 1
    assert far
    assert shrunk[:, -1] == pytest.approx(-log(4), abs=0.05)


def test_a_supports_own_rows_are_seen_as_if_they_were_not_in_it():
    support = some_support(frauds=4, genuine=12, unlabelled=40)
    learnt = learn_support(support)
    without = LineSupport(support.frauds[1:], support.genuine, support.unlabelled)
    expected = learn_support(without).state.columns(support.frauds[:1])[0]
    own = learnt.columns[0]
    # The exemplars' weights are the whole support's; what single features say is as without the row.
    for block in (1, 2, 4, 6):
        part = slice(block * FEATURES, (block + 1) * FEATURES)
        assert own[part] == pytest.approx(expected[part], abs=0.12), block
    assert own[BLOCKS * FEATURES] == pytest.approx(expected[BLOCKS * FEATURES], abs=1e-4)
    assert own[BLOCKS * FEATURES + 9] == pytest.approx(own[6 * FEATURES : 7 * FEATURES].sum(), abs=1e-4)
    assert learnt.labels.tolist() == [1.0] * 4 + [0.0] * 12
    assert learnt.columns.shape == (16, network_columns(FEATURES))


def test_a_row_shares_a_tail_with_a_fraud_as_far_as_both_reach_into_it():
    support = some_support(frauds=3, genuine=10, unlabelled=90)
    background = np.concatenate([support.genuine, support.unlabelled])
    rows = np.round(np.random.default_rng(1).normal(0.5, 1.5, (20, FEATURES)), 1).astype(np.float32)
    columns = learn_support(support).state.columns(rows)

    def reach(column, value):
        counts = (column >= value).sum(), (column <= value).sum()
        return -np.log((1.0 + np.array(counts)) / (len(background) + 1.0))

    for row, found in zip(rows, columns, strict=True):
        for j in range(FEATURES):
            of_row = reach(background[:, j], row[j])
            shared = [np.minimum(of_row, reach(background[:, j], fraud[j])) for fraud in support.frauds]
            expected = np.mean([np.maximum(one - CHANCE, 0.0).sum() for one in shared])
            assert found[6 * FEATURES + j] == pytest.approx(expected, abs=0.06)
        assert found[BLOCKS * FEATURES + 9] == pytest.approx(found[6 * FEATURES : 7 * FEATURES].sum(), abs=1e-4)


def test_steps_into_a_tail_reach_as_far_as_the_longest_background_can_tell():
    steps = tail_steps(MOST_BACKGROUND)
    assert steps[0] < STEPS - 1
    assert (np.diff(steps) <= 0).all()
    assert tail_steps(100_000)[0] == STEPS - 1
    assert steps[-1] == 0


def test_an_exact_repeat_of_a_fraud_is_the_most_surprising_row():
    support = some_support(frauds=5, unlabelled=200)
    state = learn_support(support).state
    rows = np.concatenate([support.frauds[:1], np.zeros((1, FEATURES), np.float32)])
    most = state.columns(rows)[:, BLOCKS * FEATURES]
    assert most[0] > most[1]


@pytest.mark.parametrize("scale", [np.exp, lambda x: x**3])
def test_exemplar_evidence_does_not_know_the_features_scale(scale):
    support = some_support()
    moved = LineSupport(
        *(scale(part).astype(np.float32) for part in (support.frauds, support.genuine, support.unlabelled))
    )
    rows = np.round(np.random.default_rng(2).normal(0, 1, (9, FEATURES)), 1).astype(np.float32)
    first = learn_support(support).state.columns(rows)
    second = learn_support(moved).state.columns(scale(rows).astype(np.float32))
    part = slice(3 * FEATURES, 6 * FEATURES + 6)
    assert first[:, part] == pytest.approx(second[:, part], abs=1e-4)


def test_a_long_background_is_thinned_evenly():
    rows = np.arange(5 * MOST_BACKGROUND, dtype=np.float32)[:, None]
    thin = sorted_background(np.random.default_rng(0).permutation(rows))
    assert thin.shape == (1, MOST_BACKGROUND)
    assert np.diff(thin[0]).tolist() == [5.0] * (MOST_BACKGROUND - 1)


def test_a_state_goes_into_arrays_and_back():
    state = learn_support(some_support(frauds=6)).state
    rows = np.random.default_rng(3).normal(size=(7, FEATURES)).astype(np.float32)
    back = SupportState.from_arrays(state.arrays())
    assert np.array_equal(back.columns(rows), state.columns(rows))
    assert state.columns(rows).shape == (7, column_count(FEATURES))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("exemplar_low", lambda array: array + 10_000),
        ("exemplar_high", lambda array: array - 10_000),
        ("ratio", lambda array: array[:, :-1]),
        ("relevant", lambda array: array[:-1]),
        ("relevant", lambda array: array[:0]),
        ("tails", lambda array: array[:, :, :-1]),
        ("line_trees.0.left", np.zeros_like),
        ("line_trees.0.feature", lambda array: array + 99),
    ],
)
def test_arrays_that_would_lead_a_scorer_astray_are_refused(name, change):
    arrays = learn_support(some_support(frauds=6)).state.arrays()
    with pytest.raises(ValueError, match=r"."):
        SupportState.from_arrays({**arrays, name: change(arrays[name])})


def test_a_rows_batch_does_not_change_its_columns():
    state = learn_support(some_support(frauds=6)).state
    rows = np.random.default_rng(4).normal(size=(300, FEATURES)).astype(np.float32)
    alone = np.concatenate([state.columns(row[None]) for row in rows])
    assert np.array_equal(alone, state.columns(rows))


def test_a_lines_trees_go_on_from_the_last_feature():
    generator = np.random.default_rng(4)
    rows = generator.normal(size=(300, 3)).astype(np.float32)
    rows[:20, 0] += 5.0
    first, added = network_columns(3), []
    for told in (0.0, 10.0):
        rows[:, 2] = np.where(np.arange(300) < 20, told, -told)
        state = learn_support(LineSupport(rows[:20], rows[20:100], rows[100:])).state
        added.append(np.abs(state.trees[0].predict(rows)).mean())
        columns = state.columns(rows)
        assert columns[:, first] == pytest.approx(0.75 * rows[:, 2] + state.trees[0].predict(rows))
        assert np.median(columns[100:, first + 1]) == pytest.approx(0.0, abs=1e-6)
    assert added[1] < 0.1 * added[0]
    alone = learn_support(LineSupport(rows[:0], rows[:0], rows)).state
    assert alone.columns(rows)[:, first] == pytest.approx(0.75 * rows[:, 2])

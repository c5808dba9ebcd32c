from dataclasses import replace

import numpy as np
import pytest

from metalearn.errors import NoEpisodeError
from metalearn.evaluation.few_shot import (
    FewShotPlan,
    cut_line,
    draw_support,
    known_rows,
    standardised,
    support_of,
    with_small_query,
)
from metalearn.evaluation.ranking import average_precision
from tests.builders.evaluation_lines import a_line

PLAN = FewShotPlan(unlabelled=100, query_rows=10_000)


def test_a_line_is_cut_where_half_of_its_frauds_have_happened():
    cut = cut_line(a_line(frauds=41), PLAN)
    assert cut.task.labels[: cut.past].sum() == 20
    assert (cut.task.occurred_at_s[: cut.past] < cut.cut_s).all()
    assert (cut.task.occurred_at_s[cut.query] >= cut.cut_s).all()
    assert len(cut.query) + cut.past == len(cut.task.labels)


@pytest.mark.parametrize("count", [0, 1, 5, 20])
def test_a_support_holds_only_what_was_known_before_the_cut(count):
    cut = cut_line(a_line(delay_s=48 * 3_600.0), PLAN)
    rows = draw_support(cut, count, 0, PLAN)
    for told in (rows.frauds, rows.genuine):
        assert (cut.task.occurred_at_s[told] < cut.cut_s).all()
        assert (cut.task.label_known_at_s[told] < cut.cut_s).all()
    assert (cut.task.occurred_at_s[rows.unlabelled] < cut.cut_s).all()
    assert (cut.task.labels[rows.frauds] == 1).all()
    assert (cut.task.labels[rows.genuine] == 0).all()
    whole = np.concatenate([rows.frauds, rows.genuine, rows.unlabelled])
    assert len(np.unique(whole)) == len(whole)
    assert len(rows.frauds) <= count
    assert len(rows.genuine) <= 10 * count


def test_a_longer_delay_leaves_fewer_known():
    cut = cut_line(a_line(), PLAN)
    assert len(known_rows(cut, 7 * 86_400.0)[0]) < len(known_rows(cut)[0])
    assert len(draw_support(cut, 50, 0, PLAN, 7 * 86_400.0).frauds) == len(known_rows(cut, 7 * 86_400.0)[0])


def test_draws_are_the_same_every_time_and_differ_from_one_another():
    first, again = (cut_line(a_line(), PLAN) for _ in range(2))
    same = [draw_support(one, 5, 1, PLAN) for one in (first, again)]
    assert all(np.array_equal(getattr(same[0], name), getattr(same[1], name)) for name in ("frauds", "unlabelled"))
    assert not np.array_equal(same[0].frauds, draw_support(first, 5, 2, PLAN).frauds)
    assert not np.array_equal(same[0].frauds, draw_support(first, 5, 1, replace(PLAN, seed=1)).frauds)


def test_the_query_keeps_its_prevalence_whatever_its_size():
    small = replace(PLAN, query_rows=2_000)
    line = a_line(rows=20_000, frauds=2_000)
    whole, part = cut_line(line, PLAN), cut_line(line, small)
    assert len(part.query) == 2_000
    assert part.query_labels.mean() == pytest.approx(whole.query_labels.mean(), rel=0.15)


def test_rows_are_standardised_by_the_past_alone():
    line = a_line()
    cut = cut_line(line, PLAN)
    later = line.task.features.copy()
    later[cut.past :] *= 100
    changed = cut_line(replace(line, task=replace(line.task, features=later)), PLAN)
    assert np.array_equal(cut.task.features[: cut.past], changed.task.features[: cut.past])
    assert np.abs(changed.task.features).max() <= 20.0


def test_missing_values_become_the_mean_and_constant_columns_nothing():
    rows = np.array([[1.0, 5.0, np.nan], [3.0, 5.0, 2.0], [np.nan, 9.0, 4.0]], np.float32)
    assert np.allclose(standardised(rows, 2), [[-1, 0, 0], [1, 0, 0], [0, 0, 0]])


def test_labels_of_the_query_change_no_support():
    line = a_line()
    cut = cut_line(line, PLAN)
    labels = line.task.labels.copy()
    after = np.flatnonzero(labels[cut.past + 1 :] == 1) + cut.past + 1
    labels[after] = 0
    labels[after - 1] = 1
    changed = cut_line(replace(line, task=replace(line.task, labels=labels)), PLAN)
    assert changed.cut_s == cut.cut_s
    for count in (0, 1, 20):
        one, other = (support_of(each, draw_support(each, count, 0, PLAN)) for each in (cut, changed))
        assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in one.__slots__)


@pytest.mark.parametrize(("frauds", "delay_s", "said"), [(1, 0.0, "has 1 frauds"), (10, 1e9, "no fraud is known")])
def test_a_line_without_a_support_or_a_query_is_refused_with_the_reason(frauds, delay_s, said):
    with pytest.raises(NoEpisodeError, match=said):
        cut_line(a_line(frauds=frauds, delay_s=delay_s), PLAN)


def test_a_small_query_keeps_frauds_and_weighs_the_others_up():
    cut = cut_line(a_line(rows=20_000, frauds=100), PLAN)
    small = with_small_query(cut, 500, 0)
    assert len(small.query) == 500
    assert small.query_labels.sum() == 50
    assert small.genuine_weight * (small.query_labels == 0).sum() == pytest.approx((20_000 - cut.past) - 50)
    whole, part = (
        average_precision(one.query_features[:, 0], one.query_labels, one.genuine_weight) for one in (cut, small)
    )
    assert part == pytest.approx(whole, abs=0.05)

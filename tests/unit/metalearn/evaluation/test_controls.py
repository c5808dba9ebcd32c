import numpy as np
import pytest

from metalearn.evaluation.controls import DAMAGES, _Case, _without_repeats
from metalearn.evaluation.few_shot import FewShotPlan, cut_line, draw_support, known_rows, support_of
from tests.builders.evaluation_lines import a_line

PLAN = FewShotPlan(unlabelled=100)
COUNT = 10


@pytest.fixture
def case():
    # Each row's first feature is its own, so that rows can be told from one another.
    line = cut_line(a_line(rows=2_000, frauds=80, repeats=np.arange(2_000) % 40), PLAN)
    other = cut_line(a_line("other"), PLAN)
    return _Case(line, other, draw_support(line, COUNT, 0, PLAN), COUNT, 0, PLAN, np.arange(0, line.past, 20))


def numbers(case, rows):
    """Return which rows of the line these are."""
    known = {row.tobytes(): at for at, row in enumerate(case.line.task.features)}
    return [known.get(row.tobytes(), -1) for row in rows]


def test_permuted_labels_are_told_of_the_same_rows(case):
    support = DAMAGES["permuted_labels"](case)
    frauds, genuine = numbers(case, support.frauds), numbers(case, support.genuine)
    assert sorted(frauds + genuine) == sorted([*case.rows.frauds, *case.rows.genuine])
    assert len(frauds) == COUNT
    assert set(frauds) != set(case.rows.frauds)


def test_another_lines_support_keeps_the_lines_own_unlabelled_rows(case):
    support = DAMAGES["another_line"](case)
    assert set(numbers(case, support.frauds)) == {-1}
    assert np.array_equal(support.unlabelled, support_of(case.line, case.rows).unlabelled)
    assert DAMAGES["another_line"](_Case(case.line, None, *_rest(case))) is None


def _rest(case):
    return case.rows, case.count, case.draw, case.plan, case.reviewed


def test_the_first_in_time_are_the_first(case):
    assert numbers(case, DAMAGES["first_in_time"](case).frauds) == known_rows(case.line)[0][:COUNT].tolist()


def test_a_week_later_only_older_rows_are_known(case):
    support = DAMAGES["delay_7d"](case)
    told = np.array(numbers(case, support.frauds) + numbers(case, support.genuine))
    assert (case.line.task.occurred_at_s[told] + 7 * 86_400.0 < case.line.cut_s).all()


def test_reviewed_genuine_rows_are_among_those_that_were_reviewed(case):
    support = DAMAGES["reviewed_only"](case)
    assert set(numbers(case, support.genuine)) <= set(case.reviewed.tolist())
    assert numbers(case, support.frauds) == case.rows.frauds.tolist()


def test_a_wrong_label_swaps_a_fraud_with_a_genuine_row():
    swapped = []
    for draw in range(60):
        line = cut_line(a_line(rows=2_000, frauds=80), PLAN)
        case = _Case(line, None, draw_support(line, COUNT, draw, PLAN), COUNT, draw, PLAN, None)
        support = DAMAGES["wrong_labels_20pct"](case)
        frauds, genuine = numbers(case, support.frauds), numbers(case, support.genuine)
        assert sorted(frauds + genuine) == sorted([*case.rows.frauds, *case.rows.genuine])
        swapped.append(len(set(frauds) - set(case.rows.frauds)) / COUNT)
    assert np.mean(swapped) == pytest.approx(0.2, abs=0.05)


def test_repeats_of_a_known_fraud_leave_the_query(case):
    kept = _without_repeats(case)
    seen = set((case.rows.frauds % 40).tolist())
    assert kept.tolist() == [row % 40 not in seen for row in case.line.query.tolist()]

"""Rows of many lines in one batch."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.features.specification import PAYMENTS
from stream.scoring.line_scorers import LineScorers, scorer_of
from stream.scoring.many_lines import reasons_each, score_each
from tests.builders.weights import some_weights, weights_arrays, weights_of_the_specification

WIDTH = len(PAYMENTS.features)


def weights_of(number, widths=(8, 8)):
    arrays = weights_arrays(WIDTH, widths=widths, seed=number)
    arrays["standardise.mean"] = np.full(WIDTH, number / 7, np.float32)
    arrays["calibration.slope"] = np.array([1.0 + number / 10])
    return some_weights(arrays, line=f"line-{number}")


def some_rows(count, seed=0):
    rows = np.random.default_rng(seed).normal(0, 4, (count, WIDTH)).astype(np.float32)
    rows[::5, 3], rows[::7, 2] = np.nan, 1e38
    return rows


def known(count, widths=lambda _: (8, 8)):
    scorers = LineScorers(weights_of_the_specification(line="", version=0))
    for number in range(count):
        scorers.put(weights_of(number, widths(number)))
    return scorers


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.integers(0, 99))
def test_each_row_scores_to_the_bit_as_its_line_alone_scores_it(lines, seed):
    scorers, rows = known(6, lambda number: (8,) if number == 5 else (8, 8)), some_rows(len(lines), seed)
    names, which = np.unique(lines, return_inverse=True)
    found = score_each([scorers.get(f"line-{one}", 1) for one in names], which, rows)
    for at, line in enumerate(lines):
        alone = scorer_of(weights_of(line, (8,) if line == 5 else (8, 8))).score(rows[at : at + 1])
        assert (found.score[at], found.anomaly[at]) == (alone.score[0], alone.anomaly[0])


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.integers(0, 99))
def test_each_row_has_to_the_bit_the_reasons_that_its_line_alone_tells(lines, seed):
    scorers, rows = known(6, lambda number: (8,) if number == 5 else (8, 8)), some_rows(len(lines), seed)
    names, which = np.unique(lines, return_inverse=True)
    kinds = [f"kind-{one}" for one in lines]
    found = reasons_each([scorers.get(f"line-{one}", 1) for one in names], which, rows, kinds)
    for at, line in enumerate(lines):
        alone = scorer_of(weights_of(line, (8,) if line == 5 else (8, 8))).reasons(rows[at : at + 1], kinds[at])
        assert found[at] == alone[0]


def test_a_version_takes_the_place_of_one_that_was_dropped_and_no_other():
    scorers, rows = known(70), some_rows(1)
    before = [scorers.get(f"line-{number}", 1).score(rows).score[0] for number in range(70)]
    gone = scorers.get("line-3", 1)
    scorers.drop("line-3", 1)
    scorers.put(some_weights(weights_arrays(WIDTH, widths=(8, 8), seed=99), line="line-3", version=2))
    after = [scorers.get(f"line-{number}", 1).score(rows).score[0] for number in range(70)]
    assert [one for at, one in enumerate(after) if at != 3] == [one for at, one in enumerate(before) if at != 3]
    assert scorers.get("line-3", 2).score(rows).score[0] != before[3]
    assert gone.score(rows).score[0] == before[3]

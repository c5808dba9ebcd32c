"""Scores in bins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.scoring.score_histogram import BINS, bin_position, histogram_of, score_at


@given(st.floats(1e-5, 1 - 1e-5))
def test_a_score_is_found_again_at_its_position(score):
    assert score_at(np.array([bin_position(score)])) == pytest.approx(score, rel=1e-9)


@given(st.floats(0, 1), st.floats(0, 1))
def test_positions_keep_the_order_of_scores(one, other):
    low, high = sorted((one, other))
    assert 0 <= bin_position(low) <= bin_position(high) <= BINS


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_a_histogram_counts_each_score_in_the_bin_of_its_position(scores):
    expected = np.zeros(BINS)
    for score in scores:
        expected[min(int(bin_position(score)), BINS - 1)] += 1 / len(scores)
    assert histogram_of(np.array(scores)) == pytest.approx(expected)


def test_what_is_no_number_counts_as_the_least_score():
    assert bin_position(float("nan")) == 0.0


def test_no_scores_give_an_even_histogram():
    assert histogram_of(np.empty(0)).sum() == pytest.approx(1)
    assert np.ptp(histogram_of(np.empty(0))) == 0

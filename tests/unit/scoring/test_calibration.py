"""From logits to scores that read as probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.scoring.calibration import Calibration, fit_calibration

some_logits = st.lists(st.floats(-1e6, 1e6), max_size=12).map(np.array)


def drawn(mean, count, seed=0, spread=1.0):
    return np.random.default_rng(seed).normal(mean, spread, count)


@given(some_logits, some_logits, st.floats(0, 1))
def test_any_logits_give_a_growing_calibration_and_scores_within_0_and_1(frauds, genuine, prevalence):
    found = fit_calibration(frauds, genuine, prevalence)
    assert 0 < found.slope < np.inf
    assert np.isfinite(found.intercept)
    scores = found.apply(np.linspace(-1e9, 1e9, 101))
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (np.diff(scores) >= 0).all()


def test_without_frauds_the_prior_correction_alone_moves_the_score():
    found = fit_calibration(np.empty(0), drawn(-2, 100), 0.01, taught_share=0.5)
    assert found.slope == 1.0
    # A logit of 0 at a taught share of a half is the prevalence itself.
    assert found.apply(np.zeros(1)) == pytest.approx(0.01)


def test_one_fraud_moves_the_slope_but_a_little():
    found = fit_calibration(np.array([6.0]), drawn(-2, 2000), 0.01)
    assert 0.5 < found.slope < 2.0


@pytest.mark.parametrize("prevalence", [0.002, 0.02, 0.2])
def test_with_many_labels_the_mean_score_is_the_prevalence(prevalence):
    frauds, genuine = drawn(1.0, 500, 1, 2.0), drawn(-2.0, 5000, 2, 2.0)
    found = fit_calibration(frauds, genuine, prevalence)
    mean = prevalence * found.apply(frauds).mean() + (1 - prevalence) * found.apply(genuine).mean()
    assert mean == pytest.approx(prevalence, rel=0.02)


def test_scores_are_the_share_of_frauds_among_rows_that_score_so():
    # Gaussian logits of equal spread: the true probability is a logistic of a line, slope 3.
    frauds, genuine = drawn(1.5, 20_000, 1), drawn(-1.5, 20_000, 2)
    found = fit_calibration(frauds, genuine, 0.1)
    assert found.slope == pytest.approx(3.0, rel=0.05)
    assert found.intercept == pytest.approx(np.log(0.1 / 0.9), abs=0.1)


def test_frauds_that_score_below_the_genuine_never_turn_the_order():
    found = fit_calibration(drawn(-4, 50), drawn(4, 5000), 0.01)
    assert found.slope > 0


def test_more_of_the_same_genuine_rows_change_nothing():
    frauds, genuine = drawn(2, 5), drawn(-2, 300)
    once, twice = (fit_calibration(frauds, rows, 0.01) for rows in (genuine, np.tile(genuine, 2)))
    assert once.slope == pytest.approx(twice.slope)
    assert once.intercept == pytest.approx(twice.intercept)


def test_huge_logits_saturate_without_a_warning():
    scores = Calibration(10.0, 0.0).apply(np.array([-1e300, 1e300]))
    assert 0 <= scores[0] < 1e-15
    assert 1 - 1e-15 < scores[1] <= 1

"""How unlike its line's past an event is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.scoring.anomaly import fit_anomaly


def genuine(count=5000, width=6, seed=0):
    generator = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(width, width))
    return (generator.normal(size=(count, width)) @ mixing / width**0.5).astype(np.float32)


def test_the_anomaly_of_genuine_rows_is_even_over_0_to_1():
    scores = np.sort(fit_anomaly(genuine()).score(genuine(seed=1)))
    assert np.abs(scores - np.linspace(0, 1, len(scores))).max() < 0.03


def test_a_broken_correlation_is_unlike_though_each_value_is_usual():
    generator = np.random.default_rng(0)
    one = generator.normal(size=5000)
    rows = np.column_stack([one, one + 0.1 * generator.normal(size=5000)]).astype(np.float32)
    anomaly = fit_anomaly(rows)
    usual, broken = anomaly.score(np.array([[1.0, 1.0], [1.0, -1.0]], np.float32))
    assert usual < 0.8
    assert broken > 0.999


def test_farther_rows_are_more_unlike_even_beyond_all_known_ones():
    anomaly = fit_anomaly(genuine())
    line = np.outer(np.linspace(0, 100, 400), np.ones(6)).astype(np.float32) + anomaly.mean.astype(np.float32)
    scores = anomaly.score(line)
    assert (np.diff(scores) > 0).all()
    assert scores[-1] <= 1


@given(st.integers(1, 30), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_any_number_of_rows_gives_scores_within_0_and_1(count, width, seed):
    rows = genuine(count, width, seed)
    scores = fit_anomaly(rows).score(np.vstack([rows, 20 * np.ones((1, width), np.float32)]))
    assert ((scores >= 0) & (scores <= 1)).all()


def test_constant_and_repeated_columns_are_no_obstacle():
    rows = genuine(200, 3)
    rows = np.column_stack([rows, rows[:, 0], np.zeros(200, np.float32)])
    anomaly = fit_anomaly(rows)
    assert np.isfinite(anomaly.precision).all()
    assert np.median(anomaly.score(rows)) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("width", [6, 40])
def test_the_batch_moves_a_row_by_less_than_rounding_shows(width):
    anomaly, rows = fit_anomaly(genuine(width=width)), genuine(512, width, 3)
    alone = np.concatenate([anomaly.score(rows[at : at + 1]) for at in range(512)])
    assert np.abs(anomaly.score(rows) - alone).max() < 1e-12


def test_the_precision_inverts_the_shrunk_covariance():
    rows = genuine(50, 4).astype(np.float64)
    share = 4 / 54
    covariance = (1 - share) * np.cov(rows.T, bias=True) + (share + 1e-3) * np.eye(4)
    assert fit_anomaly(rows.astype(np.float32)).precision @ covariance == pytest.approx(np.eye(4), abs=1e-6)

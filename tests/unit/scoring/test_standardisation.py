"""A line's rows on the line's own scale."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.features.specification import PAYMENTS
from stream.scoring.standardisation import CLIP, Standardisation, fit_standardisation, keep_shared, pool

PRIOR = Standardisation(np.array([10.0, -10.0], np.float32), np.array([4.0, 0.5], np.float32))


def rows_of(count):
    return np.random.default_rng(0).normal([1.0, 2.0], [3.0, 0.1], (count, 2)).astype(np.float32)


def test_rows_have_mean_0_and_scale_1_on_their_own_scale():
    rows = rows_of(5000)
    standardised = fit_standardisation(rows).apply(rows)
    assert standardised.mean(0) == pytest.approx([0, 0], abs=1e-3)
    assert standardised.std(0) == pytest.approx([1, 1], abs=1e-3)


def test_no_rows_give_the_prior_itself():
    found = fit_standardisation(np.empty((0, 2), np.float32), PRIOR)
    assert np.array_equal(found.mean, PRIOR.mean)
    assert np.array_equal(found.scale, PRIOR.scale)


def test_more_rows_pull_further_from_the_prior():
    distances = [np.abs(fit_standardisation(rows_of(count), PRIOR).mean - PRIOR.mean) for count in (1, 30, 1000, 10**6)]
    assert (np.diff(distances, axis=0) > 0).all()
    assert distances[-1] == pytest.approx(np.abs(rows_of(10**6).mean(0) - PRIOR.mean), rel=0.01)


def test_a_sample_counts_as_what_it_was_drawn_from():
    rows = rows_of(200)
    few, many = fit_standardisation(rows, PRIOR, 200.0), fit_standardisation(rows, PRIOR, 1e8)
    assert np.array_equal(few.mean, fit_standardisation(rows, PRIOR).mean)
    assert many.mean == pytest.approx(rows.mean(0), rel=0.01)


def test_a_constant_column_keeps_a_scale_above_0():
    rows = np.full((500, 2), 7.0, np.float32)
    found = fit_standardisation(rows)
    assert (found.scale > 0).all()
    assert np.array_equal(found.apply(rows), np.zeros_like(rows))


@given(st.floats(width=32, allow_nan=False))
def test_any_value_ends_within_the_clip(value):
    rows = PRIOR.apply(np.array([[value, -value]], np.float32))
    assert (np.abs(rows) <= CLIP).all()


def test_features_made_of_labels_keep_the_scale_that_all_lines_share():
    width = len(PAYMENTS.features)
    own = Standardisation(np.full(width, 1.0, np.float32), np.full(width, 2.0, np.float32))
    shared = Standardisation(np.full(width, 3.0, np.float32), np.full(width, 4.0, np.float32))
    found = keep_shared(own, shared, PAYMENTS.from_labels)
    made = [name for name, mean in zip(PAYMENTS.names, found.mean, strict=True) if mean == 3.0]
    assert made == [name for name in PAYMENTS.names if name.startswith(("counterparty_risk", "counterparty_frauds"))]
    assert found.scale[PAYMENTS.names.index(made[0])] == 4.0
    assert found.scale[0] == 2.0


def test_lines_far_apart_pool_to_a_scale_that_spans_them():
    scales = [Standardisation(np.array([mean], np.float32), np.array([3.0], np.float32)) for mean in (-4.0, 4.0)]
    found = pool(scales)
    assert found.mean == pytest.approx([0.0])
    assert found.scale == pytest.approx([5.0])

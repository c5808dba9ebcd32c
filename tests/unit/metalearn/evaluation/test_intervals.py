import math

import numpy as np
import pytest

from metalearn.evaluation.intervals import interval, t_quantile


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(1, 12.7062), (4, 2.7764), (10, 2.2281), (11, 2.2010), (22, 2.0739), (60, 2.0003)]
)
def test_quantiles_are_those_of_the_tables(freedom, quantile):
    assert t_quantile(freedom) == pytest.approx(quantile, abs=2e-4)


def test_an_interval_by_hand():
    # Mean 2, deviation 1, 2.7764 / sqrt(5) on either side.
    found = interval([2 - math.sqrt(2), 2.0, 2.0, 2.0, 2 + math.sqrt(2)])
    assert found.mean == pytest.approx(2.0)
    assert found.high - 2.0 == pytest.approx(2.7764 / math.sqrt(5), abs=1e-4)
    assert 2.0 - found.low == pytest.approx(found.high - 2.0)


def test_nan_is_left_out_and_one_value_has_no_interval():
    assert interval([1.0, math.nan, 3.0]) == interval([1.0, 3.0])
    assert math.isnan(interval([1.0]).low)
    assert math.isnan(interval([]).mean)


def test_the_interval_covers_the_mean_nineteen_times_in_twenty():
    generator = np.random.default_rng(0)
    found = [interval(generator.standard_normal(6).tolist()) for _ in range(4_000)]
    assert np.mean([one.low < 0 < one.high for one in found]) == pytest.approx(0.95, abs=0.012)

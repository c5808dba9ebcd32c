"""Laws of decayed sums."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.features.decayed_window import DAY_S, HALF_LIVES_S, add, decay, decays, move_to

times_s = st.floats(0, 50 * DAY_S, allow_nan=False)
events = st.lists(st.tuples(times_s, st.floats(-100, 100, allow_nan=False)), max_size=20)


def summed(arrived, until_s):
    sums = np.zeros(4)
    for time_s, value in arrived:
        add(sums, decays(until_s - time_s, HALF_LIVES_S), value)
    return sums


def test_a_half_life_halves():
    assert decay(3600.0, 3600.0) == 0.5
    assert decay(0.0, 3600.0) == 1.0


def test_a_weight_never_leaves_the_range_of_a_double():
    assert np.isfinite(decay(-1e12, 3600.0))
    assert decay(1e12, 3600.0) == 0.0


@given(events, times_s)
def test_moving_on_is_the_same_as_adding_at_the_later_time(arrived, further_s):
    sums = summed(arrived, 50 * DAY_S)
    move_to(sums, decays(further_s, HALF_LIVES_S))
    assert sums == pytest.approx(summed(arrived, 50 * DAY_S + further_s), rel=1e-9, abs=1e-9)


@given(events, events)
def test_sums_of_two_halves_merge_by_addition(one, other):
    merged = summed(one, 50 * DAY_S) + summed(other, 50 * DAY_S)
    assert merged == pytest.approx(summed([*one, *other], 50 * DAY_S), rel=1e-9, abs=1e-9)

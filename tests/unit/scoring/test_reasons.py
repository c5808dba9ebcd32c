"""Why an event was alerted."""

import numpy as np
import pytest

from stream.features.specification import PAYMENTS
from stream.scoring.reasons import top_reasons


def reasons_of(weights, values):
    """Return the reasons of a linear model on rows that are their own standardised ones."""
    slopes, row = np.zeros(len(PAYMENTS.names)), np.zeros(len(PAYMENTS.names), np.float32)
    for name, slope in weights.items():
        slopes[PAYMENTS.names.index(name)] = slope
    for name, value in values.items():
        row[PAYMENTS.names.index(name)] = value
    return top_reasons(lambda rows: rows @ slopes, row, row, "card", PAYMENTS)


def test_the_three_that_raise_the_logit_most_come_first():
    found = reasons_of(
        {"log_amount": 1.0, "speed": 3.0, "distance": 2.0, "pair_new": 0.5},
        {"log_amount": 1.0, "speed": 1.0, "distance": 1.0, "pair_new": 1.0},
    )
    assert [one.feature for one in found] == ["speed", "distance", "log_amount"]
    assert [one.contribution for one in found] == pytest.approx([3.0, 2.0, 1.0])


def test_what_lowers_the_logit_is_no_reason():
    found = reasons_of({"log_amount": -1.0, "speed": 1.0}, {"log_amount": 5.0, "speed": 1.0})
    assert [one.feature for one in found] == ["speed"]


def test_a_row_at_the_lines_mean_has_no_reasons():
    assert reasons_of({"speed": 1.0}, {}) == []


def test_the_time_of_day_is_one_reason_though_two_columns():
    found = reasons_of({"hour_sin": 1.0, "hour_cos": 2.0}, {"hour_sin": 1.0, "hour_cos": 1.0})
    assert [(one.text, one.contribution) for one in found] == [("the time of day", 3.0)]


def test_the_text_tells_the_raw_value():
    found = reasons_of({"log_amount": 1.0}, {"log_amount": float(np.log1p(99.0))})
    assert found[0].text == "amount 99.00"

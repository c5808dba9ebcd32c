"""Why an event was alerted."""

import numpy as np
import pytest

from stream.features.specification import DOCUMENTS, PAYMENTS
from stream.scoring.reasons import top_reasons


def reasons_of(weights, values, specification=PAYMENTS):
    """Return the reasons of a linear model on rows that are their own standardised ones."""
    names = specification.names
    slopes, row = np.zeros(len(names)), np.zeros(len(names), np.float32)
    for name, slope in weights.items():
        slopes[names.index(name)] = slope
    for name, value in values.items():
        row[names.index(name)] = value
    (found,) = top_reasons(lambda rows: rows @ slopes, row[None], row[None], ["card"], specification)
    return found


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


def test_features_of_trade_are_told_in_their_own_words():
    values = {"no_shipment": 1.0, "buyer_new": 1.0, "unit_price": float(np.log(3.0))}
    found = reasons_of({"no_shipment": 3.0, "buyer_new": 2.0, "unit_price": 0.5}, values, DOCUMENTS)
    assert [one.text for one in found] == [
        "no shipment in 30 days", "buyer first seen", "unit price 3.0 times the goods code's usual",
    ]  # fmt: skip


def test_what_stands_for_nothing_known_is_no_reason_though_it_raises_the_logit():
    absent = {feature.name: feature.absent for feature in DOCUMENTS.trade}
    found = reasons_of({"pair_age": 2.0, "buyer_sellers": 1.0, "speed": 0.5}, {**absent, "speed": 1.0}, DOCUMENTS)
    assert [one.feature for one in found] == ["speed"]

"""Minor units."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.events.currency import exponent, to_minor


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("XXX", 2)])
def test_each_currency_has_its_digits(currency, digits):
    assert exponent(currency) == digits


@settings(deadline=None)
@given(st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_whole_minor_units_come_back_exactly(minor, currency):
    assert to_minor(Decimal(minor).scaleb(-exponent(currency)), currency) == minor


@pytest.mark.parametrize(("major", "minor"), [("0.005", 0), ("0.015", 2), ("-0.005", 0), ("0.0050001", 1)])
def test_halves_go_to_the_even_unit(major, minor):
    assert to_minor(Decimal(major), "EUR") == minor

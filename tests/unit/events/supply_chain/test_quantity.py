"""Quantities and their units."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from stream.events.supply_chain.quantity import MOST_VALUE
from stream.events.supply_chain.unit_code import BASE_UNITS, UNITS
from tests.builders.supply_chain import a_quantity


@pytest.mark.parametrize(
    ("value", "scale", "unit_code", "in_base"),
    [
        (12_500, 3, "TNE", "12500"),
        (1, 0, "LBR", "0.45359237"),
        (1, 0, "STN", "907.18474"),
        (1, 0, "LTN", "1016.0469088"),
        (10, 1, "BLL", "0.158987294928"),
        (3, 0, "DZN", "36"),
        (0, 9, "KGM", "0"),
        (7, 0, "EA", "7"),
    ],
)
def test_a_quantity_is_so_many_base_units(value, scale, unit_code, in_base):
    assert a_quantity(value, unit_code, scale).in_base() == Decimal(in_base)


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ((2240, "LBR"), (1, "LTN")), ((2000, "LBR"), (1, "STN")), ((112, "LBR"), (1, "CWI")),
        ((100, "LBR"), (1, "CWA")), ((16, "ONZ"), (1, "LBR")), ((175, "APZ"), (192, "ONZ")),
        ((231, "INQ"), (1, "GLL")), ((42, "GLL"), (1, "BLL")), ((1728, "INQ"), (1, "FTQ")), ((27, "FTQ"), (1, "YDQ")),
        ((1000, "LTR"), (1, "MTQ")), ((100, "CLT"), (1, "LTR")), ((1000, "MLT"), (1, "DMQ")), ((10, "HLT"), (1, "MTQ")),
        ((1, "CMQ"), (1, "MLT")), ((10, "DTN"), (1, "TNE")), ((1000, "TNE"), (1, "KTN")), ((1000, "GRM"), (1, "KGM")),
        ((1000, "MGM"), (1, "GRM")), ((12, "DZN"), (1, "GRO")), ((10, "CEN"), (1, "MIL")), ((6, "PR"), (1, "DZN")),
        ((1, "H87"), (1, "EA")), ((1, "C62"), (1, "EA")), ((100_000, "GLI"), (454_609, "LTR")),
        ((215_042, "INQ"), (100, "BUA")),
    ],
)  # fmt: skip
def test_units_stand_in_their_lawful_ratios(many, one):
    assert a_quantity(*many).in_base() == a_quantity(*one).in_base()


def test_each_dimension_has_a_base_unit_and_units_lie_under_their_own_code():
    assert {unit.dimension for unit in UNITS.values()} == set(BASE_UNITS)
    for dimension, code in BASE_UNITS.items():
        assert (UNITS[code].dimension, UNITS[code].in_base) == (dimension, 1)
    assert all(unit.code == code for code, unit in UNITS.items())


def test_a_quantity_knows_what_it_measures():
    assert [a_quantity(unit_code=code).dimension for code in ("STN", "BLL", "GRO")] == ["mass", "volume", "count"]


@settings(deadline=None)
@given(st.integers(0, MOST_VALUE), st.integers(0, 9), st.sampled_from(sorted(UNITS)))
def test_conversion_loses_nothing(value, scale, unit_code):
    exact = Fraction(value, 10**scale) * Fraction(UNITS[unit_code].in_base)
    assert Fraction(a_quantity(value, unit_code, scale).in_base()) == exact
    assert Fraction(a_quantity(value, unit_code, scale).number) == Fraction(value, 10**scale)


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": -1}, {"value": MOST_VALUE + 1}, {"scale": -1}, {"scale": 10}, {"unit_code": "kg"},
        {"unit_code": "XXX"}, {"unit_code": ""}, {"value": True}, {"value": 1.0},
    ],
)  # fmt: skip
def test_what_is_no_quantity_is_refused(wrong):
    with pytest.raises(ValidationError):
        a_quantity(**wrong)

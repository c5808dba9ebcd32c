"""Units of quantity by their UN/CEFACT Recommendation 20 code, each with what it is in its dimension's base unit."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator

Dimension = Literal["mass", "volume", "count"]
BASE_UNITS: dict[Dimension, str] = {"mass": "KGM", "volume": "MTQ", "count": "C62"}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit.

    Attributes:
        code: Of Recommendation 20.
        name: In words.
        dimension: What it measures.
        in_base: How many base units it is, exact.
    """

    code: str
    name: str
    dimension: Dimension
    in_base: Decimal


def _units(dimension: Dimension, *rows: tuple[str, str, str]) -> dict[str, Unit]:
    return {code: Unit(code, name, dimension, Decimal(in_base)) for code, name, in_base in rows}


# Pounds and gallons are exact by definition (international yard and pound agreement, 1959; US and UK gallons).
UNITS = {
    **_units(
        "mass",
        ("KGM", "kilogram", "1"),
        ("MGM", "milligram", "0.000001"),
        ("GRM", "gram", "0.001"),
        ("DTN", "decitonne", "100"),
        ("TNE", "tonne", "1000"),
        ("KTN", "kilotonne", "1000000"),
        ("ONZ", "ounce", "0.028349523125"),
        ("APZ", "troy ounce", "0.0311034768"),
        ("LBR", "pound", "0.45359237"),
        ("CWA", "hundred pound (US hundredweight)", "45.359237"),
        ("CWI", "hundredweight (UK)", "50.80234544"),
        ("STN", "ton (US)", "907.18474"),
        ("LTN", "ton (UK)", "1016.0469088"),
    ),
    **_units(
        "volume",
        ("MTQ", "cubic metre", "1"),
        ("CMQ", "cubic centimetre", "0.000001"),
        ("MLT", "millilitre", "0.000001"),
        ("CLT", "centilitre", "0.00001"),
        ("DMQ", "cubic decimetre", "0.001"),
        ("LTR", "litre", "0.001"),
        ("HLT", "hectolitre", "0.1"),
        ("INQ", "cubic inch", "0.000016387064"),
        ("FTQ", "cubic foot", "0.028316846592"),
        ("YDQ", "cubic yard", "0.764554857984"),
        ("GLL", "gallon (US)", "0.003785411784"),
        ("GLI", "gallon (UK)", "0.00454609"),
        ("BLL", "barrel (US), petroleum", "0.158987294928"),
        ("BUA", "bushel (US)", "0.03523907016688"),
    ),
    **_units(
        "count",
        ("C62", "one", "1"),
        ("H87", "piece", "1"),
        ("EA", "each", "1"),
        ("PR", "pair", "2"),
        ("DZN", "dozen", "12"),
        ("CEN", "hundred", "100"),
        ("GRO", "gross", "144"),
        ("MIL", "thousand", "1000"),
    ),
}


def _check(code: str) -> str:
    if code not in UNITS:
        raise ValueError(f"must be one of the units {', '.join(UNITS)}")
    return code


UnitCode = Annotated[str, AfterValidator(_check)]

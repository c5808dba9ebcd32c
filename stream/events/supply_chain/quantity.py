"""Quantities of goods: whole numbers with a scale and a unit, never floats."""

from decimal import Context, Decimal
from typing import Annotated

from pydantic import Field

from stream.events.supply_chain.strict import Strict
from stream.events.supply_chain.unit_code import UNITS, Dimension, UnitCode

MOST_VALUE = 10**15
# 16 digits of a value and 13 of a unit fit, so products are exact.
_EXACT = Context(prec=40)


class Quantity(Strict):
    """A quantity, `value / 10**scale` of a unit: 12500 at scale 3 in TNE is 12.5 tonnes.

    Attributes:
        value: 0 to 10**15.
        scale: How many of its digits stand behind the point, 0 to 9.
        unit_code: UN/CEFACT Recommendation 20.
    """

    value: Annotated[int, Field(ge=0, le=MOST_VALUE)]
    scale: Annotated[int, Field(ge=0, le=9)] = 0
    unit_code: UnitCode

    @property
    def dimension(self) -> Dimension:
        """What is measured: only quantities of one dimension can be compared."""
        return UNITS[self.unit_code].dimension

    @property
    def number(self) -> Decimal:
        """How many of the unit, exact."""
        return Decimal(self.value).scaleb(-self.scale, _EXACT)

    def in_base(self) -> Decimal:
        """Return how many base units it is, exact: kilograms, cubic metres or pieces."""
        return _EXACT.multiply(self.number, UNITS[self.unit_code].in_base)

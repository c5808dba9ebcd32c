"""An option's value that is a finite number above 0."""

import math

import click


class PositiveNumber(click.ParamType):
    """Takes 0.5 and 90; refuses 0, -1, inf and nan."""

    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        try:
            number = float(str(value))
        except ValueError:
            number = math.nan
        if not 0 < number < math.inf:
            self.fail(f"{value!r} is not a finite number above 0.", param, ctx)
        return number

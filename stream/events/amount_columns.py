"""Turns a column of amounts into minor units, with the results that exact decimals give."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from stream.events.currency import to_minor
from stream.events.line_roles import AmountRole
from stream.events.roles import MOST_MINOR, RoleError, amount_converter
from stream.events.text_columns import Odd

_NUMBERS = {int, float}
_NEAR_HALF = 1e-4
_RELATIVE = 1e-15
_BEYOND = MOST_MINOR + 2


def read_amounts(
    values: Sequence[Any],
    role: AmountRole,
    currencies: list[str],
    scale: npt.NDArray[np.float64],
    odd: Odd,
    *,
    allow_negative: bool,
) -> npt.NDArray[np.int64]:
    """Return amounts in minor units, and mark rows where one is missing or out of bounds.

    Args:
        values: As JSON gave them.
        role: Says in which units.
        currencies: Of each row.
        scale: How many minor units each row's currency has.
        odd: Changed in place.
        allow_negative: Whether refunds are taken.
    """
    if role.unit == "major" and set(map(type, values)) <= _NUMBERS:
        minor = minor_units(np.array(values, np.float64), scale, currencies)
    else:
        minor = _one_by_one(values, role, currencies, odd)
    odd |= np.abs(minor) > MOST_MINOR
    if not allow_negative:
        odd |= minor < 0
    return minor


def minor_units(
    amount: npt.NDArray[np.float64], scale: npt.NDArray[np.float64], currencies: list[str]
) -> npt.NDArray[np.int64]:
    """Return amounts in minor units, half to even; any number beyond 10**15 for one that is beyond or not finite."""
    scaled = amount * scale
    scaled = np.where(np.abs(scaled) <= MOST_MINOR + 1, scaled, _BEYOND)
    minor = np.rint(scaled).astype(np.int64)
    # Near a half, the shortest decimal of the number decides, as it does for JSON.
    from_half = np.abs(np.abs(scaled - np.floor(scaled)) - 0.5)
    near = (from_half < _NEAR_HALF + _RELATIVE * np.abs(scaled)) & (scaled < _BEYOND)
    for row in np.flatnonzero(near).tolist():
        minor[row] = to_minor(Decimal(repr(float(amount[row]))), currencies[row])
    return minor


def _one_by_one(values: Sequence[Any], role: AmountRole, currencies: list[str], odd: Odd) -> npt.NDArray[np.int64]:
    convert = amount_converter(role, allow_negative=True)
    minor = np.zeros(len(values), np.int64)
    for at, (value, currency) in enumerate(zip(values, currencies, strict=True)):
        try:
            minor[at] = convert(value, currency)
        except RoleError:
            odd[at] = True
    return minor

"""Compiles a line's roles into functions that read them from a user's event."""

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from operator import itemgetter
from typing import Any

from stream.events.currency import exponent, to_minor
from stream.events.line_roles import AmountRole, FieldRole
from stream.events.reject_reason import RejectReason

Event = Mapping[str, Any]
MOST_MINOR = 10**15
_MOST_DIGITS = 40
_EXACT = 2.0**53


class RoleError(ValueError):
    """A role that an event does not fill.

    Attributes:
        reason: As in dead letters: missing_field, wrong_type, non_finite, bad_value.
        role: Which role.
    """

    def __init__(self, reason: RejectReason, role: str, detail: str) -> None:
        """Say which role, why, in words."""
        super().__init__(detail)
        self.reason: RejectReason = reason
        self.role = role


def compile_path(path: str) -> Callable[[Event], Any]:
    """Return a function that follows a dotted path; None where it leads nowhere."""
    parts = path.split(".")
    if len(parts) == 1:
        name = parts[0]
        return lambda event: event.get(name)

    def follow(event: Event) -> Any:
        value: Any = event
        for part in parts:
            if not isinstance(value, Mapping):
                return None
            value = value.get(part)
        return value

    return follow


def compile_paths(paths: Sequence[str]) -> Callable[[Event], tuple[Any, ...]]:
    """Return a function that follows two dotted paths or more at once; None where one leads nowhere."""
    getters = [compile_path(path) for path in paths]
    if any("." in path for path in paths):
        return lambda event: tuple([getter(event) for getter in getters])
    take_all = itemgetter(*paths)

    def take(event: Event) -> tuple[Any, ...]:
        try:
            found: tuple[Any, ...] = take_all(event)
        except KeyError:
            return tuple(map(event.get, paths))
        return found

    return take


def compile_text(role: FieldRole, name: str, *, required: bool) -> Callable[[Event], str | None]:
    """Return a function that reads a role as text; numbers become their shortest text."""
    if role.constant is not None:
        constant = role.constant
        return lambda _event: constant
    getters = [(compile_path(path), path) for path in role.paths]
    read_one = _text_reader(*getters[0], name, required=required)
    if len(getters) == 1:
        return read_one
    readers = [_text_reader(getter, path, name, required=required) for getter, path in getters]

    def read(event: Event) -> str | None:
        parts = [reader(event) for reader in readers]
        return None if None in parts else role.join.join(parts)  # type: ignore[arg-type]

    return read


def _text_reader(
    getter: Callable[[Event], Any], path: str, name: str, *, required: bool
) -> Callable[[Event], str | None]:
    def read(event: Event) -> str | None:
        value = getter(event)
        if type(value) is str:
            return value
        if value is not None:
            return number_text(value, name, path)
        if required:
            raise RoleError("missing_field", name, f"field {path} is missing")
        return None

    return read


def number_text(value: Any, name: str, path: str) -> str:
    """Return a number's shortest text: 12 and 12.0 are both `12`."""
    if type(value) is int:
        return str(value)
    if type(value) is not float:
        raise RoleError("wrong_type", name, f"field {path} must be text or a number")
    if not math.isfinite(value):
        raise RoleError("non_finite", name, f"field {path} is not finite")
    if abs(value) >= _EXACT:
        # Two identifiers could fall together here, so none is taken.
        raise RoleError("bad_value", name, f"field {path} is a number beyond 2**53, which JSON rounds; send it as text")
    return str(int(value)) if value.is_integer() else repr(value)


def compile_amount(role: AmountRole, *, allow_negative: bool) -> Callable[[Event, str], int]:
    """Return a function that reads the amount in minor units of a currency."""
    getter, convert = compile_path(role.field), amount_converter(role, allow_negative=allow_negative)

    def read(event: Event, currency: str) -> int:
        value = getter(event)
        if value is None:
            raise RoleError("missing_field", "amount", f"field {role.field} is missing")
        return convert(value, currency)

    return read


def amount_converter(role: AmountRole, *, allow_negative: bool) -> Callable[[Any, str], int]:
    """Return a function from a field's value and a currency to minor units."""
    field, minor = role.field, role.unit == "minor"

    def convert(value: Any, currency: str) -> int:
        number = _as_decimal(value, field)
        if minor and number != number.to_integral_value():
            raise RoleError("bad_value", "amount", f"field {field} must be whole minor units")
        found = int(number) if minor else to_minor(number, currency)
        if not -MOST_MINOR <= found <= MOST_MINOR:
            raise RoleError("bad_value", "amount", f"field {field} is beyond 10**15 minor units")
        if found < 0 and not allow_negative:
            raise RoleError("bad_value", "amount", f"field {field} is negative; allow_negative takes refunds")
        return found

    return convert


def _as_decimal(value: Any, field: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise RoleError("wrong_type", "amount", f"field {field} must be a number")
    text = value if isinstance(value, str) else repr(value)
    if len(text) > _MOST_DIGITS:
        raise RoleError("bad_value", "amount", f"field {field} has more than {_MOST_DIGITS} digits")
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise RoleError("wrong_type", "amount", f"field {field} is not a number: {text!r}") from error
    if not number.is_finite():
        raise RoleError("non_finite", "amount", f"field {field} is not finite")
    if number.adjusted() > 16:
        raise RoleError("bad_value", "amount", f"field {field} is beyond 10**15 minor units")
    return number


def compile_coordinate(path: str, name: str) -> Callable[[Event], float | None]:
    """Return a function that reads degrees; None where the field is missing."""
    getter = compile_path(path)

    def read(event: Event) -> float | None:
        value = getter(event)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RoleError("wrong_type", name, f"field {path} must be a number")
        if not math.isfinite(value):
            raise RoleError("non_finite", name, f"field {path} is not finite")
        return float(value)

    return read


def major_units(amount_minor: int, currency: str) -> float:
    """Return an amount in major units, as features read it."""
    return amount_minor / 10.0 ** exponent(currency)

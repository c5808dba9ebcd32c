"""Compiles a line's roles into functions that read them from a user's event."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from stream.events.business_line import AmountRole, BusinessLine, FieldRole, TimeRole
from stream.events.currency import exponent, to_minor

Event = Mapping[str, Any]
_MOST_DIGITS = 40


class RoleError(ValueError):
    """A role that an event does not fill.

    Attributes:
        reason: As in dead letters: missing_field, wrong_type, non_finite, bad_value.
        role: Which role.
    """

    def __init__(self, reason: str, role: str, detail: str) -> None:
        """Say which role, why, in words."""
        super().__init__(detail)
        self.reason = reason
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


def compile_text(role: FieldRole, name: str, *, required: bool) -> Callable[[Event], str | None]:
    """Return a function that reads a role as text; numbers become their shortest text."""
    if role.constant is not None:
        constant = role.constant
        return lambda _event: constant
    getters = [compile_path(path) for path in (role.fields or (role.field or "",))]
    paths = role.fields or (role.field or "",)
    join = role.join

    def read(event: Event) -> str | None:
        parts = []
        for getter, path in zip(getters, paths, strict=True):
            value = getter(event)
            if value is None:
                if required:
                    raise RoleError("missing_field", name, f"field {path} is missing")
                return None
            if type(value) is not str:
                value = _as_text(value, name, path)
            parts.append(value)
        return parts[0] if len(parts) == 1 else join.join(parts)

    return read


def _as_text(value: Any, name: str, path: str) -> str:
    if type(value) is int:
        return str(value)
    if type(value) is float and math.isfinite(value):
        return str(int(value)) if value.is_integer() else repr(value)
    raise RoleError("wrong_type", name, f"field {path} must be text or a number")


def compile_time(role: TimeRole) -> Callable[[Event], float]:
    """Return a function that reads the event time as epoch seconds."""
    getter = compile_path(role.field)
    convert = {"iso8601": _iso_reader, "epoch_s": _epoch_reader, "epoch_ms": _epoch_reader}.get(
        role.format, _pattern_reader
    )(role)

    def read(event: Event) -> float:
        value = getter(event)
        if value is None:
            raise RoleError("missing_field", "occurred_at", f"field {role.field} is missing")
        return convert(value)

    return read


def _iso_reader(role: TimeRole) -> Callable[[Any], float]:
    zone = ZoneInfo(role.timezone) if role.timezone != "UTC" else UTC

    def convert(value: Any) -> float:
        if type(value) is not str:
            raise RoleError("wrong_type", "occurred_at", f"field {role.field} must be ISO 8601 text")
        try:
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).timestamp()
        except (ValueError, OverflowError) as error:
            raise RoleError("bad_value", "occurred_at", f"field {role.field} is not ISO 8601: {value[:60]!r}") from error

    return convert


def _epoch_reader(role: TimeRole) -> Callable[[Any], float]:
    units = 1000.0 if role.format == "epoch_ms" else 1.0

    def convert(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RoleError("wrong_type", "occurred_at", f"field {role.field} must be a number")
        if not math.isfinite(value):
            raise RoleError("non_finite", "occurred_at", f"field {role.field} is not finite")
        return value / units

    return convert


def _pattern_reader(role: TimeRole) -> Callable[[Any], float]:
    zone = ZoneInfo(role.timezone)

    def convert(value: Any) -> float:
        if type(value) is not str:
            raise RoleError("wrong_type", "occurred_at", f"field {role.field} must be text")
        try:
            moment = datetime.strptime(value, role.format)  # noqa: DTZ007 - the zone is put in below
            return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).timestamp()
        except (ValueError, OverflowError) as error:
            detail = f"field {role.field} does not fit {role.format}: {value[:60]!r}"
            raise RoleError("bad_value", "occurred_at", detail) from error

    return convert


def compile_amount(role: AmountRole, *, allow_negative: bool) -> Callable[[Event, str], int]:
    """Return a function that reads the amount in minor units of a currency."""
    getter = compile_path(role.field)
    minor = role.unit == "minor"

    def read(event: Event, currency: str) -> int:
        value = getter(event)
        if value is None:
            raise RoleError("missing_field", "amount", f"field {role.field} is missing")
        number = _as_decimal(value, role.field)
        amount = int(number) if minor and number == number.to_integral_value() else None
        if minor and amount is None:
            raise RoleError("bad_value", "amount", f"field {role.field} must be whole minor units")
        found = amount if amount is not None else to_minor(number, currency)
        if found < 0 and not allow_negative:
            raise RoleError("bad_value", "amount", f"field {role.field} is negative and the line allows none")
        return found

    return read


def _as_decimal(value: Any, field: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise RoleError("wrong_type", "amount", f"field {field} must be a number")
    text = value if isinstance(value, str) else repr(value)
    if len(text) > _MOST_DIGITS:
        raise RoleError("bad_value", "amount", f"field {field} has too many digits")
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise RoleError("wrong_type", "amount", f"field {field} is not a number: {text[:60]!r}") from error
    if not number.is_finite():
        raise RoleError("non_finite", "amount", f"field {field} is not finite")
    if number.adjusted() > 16:  # noqa: PLR2004 - far above any amount in minor units
        raise RoleError("bad_value", "amount", f"field {field} is too large")
    return number


def compile_coordinate(path: str, name: str) -> Callable[[Event], float | None]:
    """Return a function that reads degrees; None where the field is missing."""
    getter = compile_path(path)

    def read(event: Event) -> float | None:
        value = getter(event)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RoleError("wrong_type", "place", f"field {path} must be a number")
        if not math.isfinite(value):
            raise RoleError("non_finite", "place", f"field {path} ({name}) is not finite")
        return float(value)

    return read


def major_units(amount_minor: int, currency: str) -> float:
    """Return an amount in major units, as features read it."""
    return amount_minor / 10.0 ** exponent(currency)


def compile_match(line: BusinessLine) -> Callable[[Event], bool]:
    """Return a function that tells whether an event names this line."""
    wanted = [(compile_path(path), value) for path, value in line.match.items()]
    return lambda event: all(getter(event) == value for getter, value in wanted)

"""Compiles a line's event-time role into a function that reads epoch seconds."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from stream.events.line_roles import TimeRole
from stream.events.roles import Event, RoleError, compile_path

_ROLE = "occurred_at"
EARLIEST_S = -2_208_988_800.0  # 1900
LATEST_S = 32_503_680_000.0  # 3000


def compile_time(role: TimeRole) -> Callable[[Event], float]:
    """Return a function that reads the event time as epoch seconds.

    A time that a change of clocks makes twice is its first; one that it leaves out is read
    with the offset before the change.
    """
    getter, convert = compile_path(role.field), time_converter(role)

    def read(event: Event) -> float:
        value = getter(event)
        if value is None:
            raise RoleError("missing_field", _ROLE, f"field {role.field} is missing")
        return convert(value)

    return read


def time_converter(role: TimeRole) -> Callable[[Any], float]:
    """Return a function from a field's value to epoch seconds."""
    if role.format in ("epoch_s", "epoch_ms"):
        return _epoch_reader(role)
    return _text_reader(role)


def moment_s(moment: datetime, zone: Any) -> float:
    """Return epoch seconds of a moment; a naive one is of `zone`."""
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).timestamp()


def zone_of(role: TimeRole) -> Any:
    """Return the zone of times that name none."""
    return UTC if role.timezone == "UTC" else ZoneInfo(role.timezone)


def _text_reader(role: TimeRole) -> Callable[[Any], float]:
    zone, pattern = zone_of(role), role.format
    iso = pattern == "iso8601"
    form = "ISO 8601" if iso else pattern

    def convert(value: Any) -> float:
        if type(value) is not str:
            raise RoleError("wrong_type", _ROLE, f"field {role.field} must be text of the form {form}")
        try:
            # The zone is put in by moment_s.
            moment = datetime.fromisoformat(value) if iso else datetime.strptime(value, pattern)  # noqa: DTZ007
            return moment_s(moment, zone)
        except (ValueError, OverflowError) as error:
            detail = f"field {role.field} is not of the form {form}: {value[:60]!r}"
            raise RoleError("bad_value", _ROLE, detail) from error

    return convert


def _epoch_reader(role: TimeRole) -> Callable[[Any], float]:
    units = 1000.0 if role.format == "epoch_ms" else 1.0

    def convert(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RoleError("wrong_type", _ROLE, f"field {role.field} must be a number")
        if not math.isfinite(value):
            raise RoleError("non_finite", _ROLE, f"field {role.field} is not finite")
        return value / units

    return convert

"""Reads the events of all lines that read alike, role by role instead of event by event.

A row whose values are what a role usually gets is read here; any other is only marked as
odd, and left to the exact reading of one event (`line_reader.py`), which also says what is
wrong with it. Both give the same values: a test compares them on hostile events.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stream.events.amount_columns import read_amounts
from stream.events.business_line import BusinessLine
from stream.events.degree_columns import read_degrees
from stream.events.event_batch import EventBatch
from stream.events.line_roles import FieldRole, Roles
from stream.events.text_columns import Columns, Odd, check_words, read_codes, read_currencies, read_identifiers
from stream.events.time_columns import read_times

Alike = tuple[Roles, str, bool, float]


def alike(line: BusinessLine) -> Alike:
    """Return all of a line that reading an event depends on."""
    return line.roles, line.currency, line.allow_negative, line.max_future_s


def paths_of(roles: Roles) -> set[str]:
    """Return all fields that the roles read."""
    place = roles.place
    found = {roles.occurred_at.field, roles.amount.field}
    others = roles.instrument, _place(roles), roles.currency, roles.channel, roles.text
    for role in (roles.event_id, roles.subject, roles.counterparty, *others):
        found.update(role.paths if role is not None else ())
    if place is not None and place.latitude is not None and place.longitude is not None:
        found.update((place.latitude, place.longitude))
    return found


def read_columns(
    columns: Columns, lines: list[str], produced_at_ms: Sequence[int], line: BusinessLine, now_s: float
) -> tuple[EventBatch, Odd]:
    """Return events as columns, and which rows are odd: their values mean nothing.

    Args:
        columns: Values of JSON by the path that names them, None where a field is missing; at least one row.
        lines: Name of each row's line.
        produced_at_ms: Of each row.
        line: Any of those lines: they read alike.
        now_s: Tells the future from the past.
    """
    roles, place = line.roles, line.roles.place
    odd: npt.NDArray[np.bool_] = np.zeros(len(lines), np.bool_)
    occurred_at_s = read_times(columns[roles.occurred_at.field], roles.occurred_at, odd)
    odd |= occurred_at_s - now_s > line.max_future_s
    currency, scale = read_currencies(columns, roles.currency, line.currency, odd)
    amounts = columns[roles.amount.field]
    minor = read_amounts(amounts, roles.amount, currency, scale, odd, allow_negative=line.allow_negative)
    for role in (roles.channel, roles.text):
        # No feature reads them, but an event is refused for them.
        check_words(columns, role, odd)
    return EventBatch(
        event_id=read_identifiers(columns, roles.event_id, odd),
        line=lines,
        subject=read_identifiers(columns, roles.subject, odd),
        counterparty=read_identifiers(columns, roles.counterparty, odd),
        currency=currency,
        occurred_at_s=occurred_at_s,
        amount_minor=minor,
        amount=minor / scale,
        instrument=read_codes(columns, roles.instrument, odd),
        place=read_codes(columns, _place(roles), odd),
        latitude=read_degrees(columns, place.latitude if place is not None else None, 90.0, odd),
        longitude=read_degrees(columns, place.longitude if place is not None else None, 180.0, odd),
        produced_at_ms=np.array(produced_at_ms, np.int64),
    ), odd


def _place(roles: Roles) -> FieldRole | None:
    place = roles.place
    return FieldRole(field=place.field) if place is not None and place.field is not None else None

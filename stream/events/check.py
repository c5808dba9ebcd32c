"""Shows what an event of the user's maps to under line files, role by role."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from stream.clock import Clock
from stream.events.business_line import BusinessLine
from stream.events.decode import Decoder, Rejected, SourceRecord
from stream.events.documents_topic import DocumentsTopic
from stream.events.line_reader import LineReader, RoleReader, fits
from stream.events.roles import Event, RoleError, compile_path
from stream.events.supply_chain.canonical_roles import as_transaction
from stream.events.supply_chain.decode import Rejection

_DOCUMENT = "the document (docs/supply_chain.md)"
_OF_NO_LINE = ("unreadable", "oversized", "unknown_line")


@dataclass(frozen=True, slots=True)
class MappedRole:
    """One role of one event.

    Attributes:
        role: Its name.
        source: Which of the user's fields it is read from.
        value: What it became, None where the event has none.
        problem: Why it cannot be read, None where it can.
    """

    role: str
    source: str
    value: str | float | int | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class MappedEvent:
    """What one line makes of one event.

    Attributes:
        line: The line.
        topic: Topic on which the line's events come.
        belongs: Whether the event names this line.
        roles: The roles that the line declares; empty where the event is not of this line.
        rejected: Reason, field and detail as a dead letter would have them, None where the event is usable.
    """

    line: str
    topic: str
    belongs: bool
    roles: tuple[MappedRole, ...]
    rejected: dict[str, str | None] | None

    def as_json(self) -> dict[str, Any]:
        """Return plain values for `--json`."""
        return asdict(self)


def check_event(
    lines: Iterable[BusinessLine], value: bytes, clock: Clock, max_bytes: int = 65_536
) -> list[MappedEvent]:
    """Return what each line makes of an event, judged exactly as the stream would.

    Args:
        lines: Business lines.
        value: The event's bytes as they would be produced.
        clock: Tells the future from the past.
        max_bytes: Larger events are refused.
    """
    return [_check_line(line, value, clock, max_bytes) for line in lines]


def _check_line(line: BusinessLine, value: bytes, clock: Clock, max_bytes: int) -> MappedEvent:
    if line.documents is not None:
        return _check_document(line, value, clock, max_bytes)
    record = SourceRecord(line.topic, 0, 0, None, value, int(clock.now_s() * 1000))
    _, refused = Decoder({line.name: line}, clock, max_bytes).decode([record])
    event = None if any(one.reason in ("unreadable", "oversized") for one in refused) else orjson.loads(value)
    if event is None:
        return MappedEvent(line.name, line.topic, False, (), _said(refused[0]))
    if foreign := _foreign(line, event):
        return MappedEvent(line.name, line.topic, False, (), _said(refused[0], foreign))
    reader, sources = LineReader(line), sources_of(line)
    fault = refused[0] if refused else None
    roles = tuple(_map(name, sources[name], read, event, fault) for name, read in reader.role_readers())
    return MappedEvent(line.name, line.topic, True, roles, _said(fault) if fault is not None else None)


def _check_document(line: BusinessLine, value: bytes, clock: Clock, max_bytes: int) -> MappedEvent:
    found = DocumentsTopic([line], clock, max_bytes).read(value)
    if isinstance(found, Rejection):
        refused = {"reason": found.reason, "field": found.field, "detail": found.words}
        return MappedEvent(line.name, line.topic, found.reason not in _OF_NO_LINE, (), refused)
    fields = as_transaction(found).model_dump(exclude={"line", "latitude", "longitude"})
    occurred_at = MappedRole("occurred_at", _DOCUMENT, _as_time(fields.pop("occurred_at_s")))
    roles = (occurred_at, *(MappedRole(name, _DOCUMENT, value) for name, value in fields.items()))
    return MappedEvent(line.name, line.topic, True, roles, None)


def _said(refused: Rejected, detail: str | None = None) -> dict[str, str | None]:
    return {"reason": refused.reason, "field": refused.field, "detail": detail or refused.detail}


def _foreign(line: BusinessLine, event: Event) -> str | None:
    for field, wanted in line.match.items():
        value = compile_path(field)(event)
        if not fits(value, wanted):
            there = "is missing" if value is None else f"is {str(value)[:60]!r}"
            return f"field {field} {there}; events of line {line.name} have {wanted!r}"
    return None


def _map(name: str, source: str, read: RoleReader, event: Event, fault: Rejected | None) -> MappedRole:
    try:
        value = read(event)
    except RoleError as error:
        return MappedRole(name, source, None, str(error))
    # A role can be read and its value still not fit, as 91 degrees of latitude.
    problem = fault.detail if fault is not None and fault.field in (name, f"{name}_s") else None
    return MappedRole(name, source, _as_time(value) if name == "occurred_at" else value, problem)


def _as_time(value: float) -> str:
    try:
        return datetime.fromtimestamp(value, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return f"{value} s"


def sources_of(line: BusinessLine) -> dict[str, str]:
    """Return, for every role that a line declares, where it is read from, in words."""
    roles, place = line.roles, line.roles.place
    found = {
        "occurred_at": f"{roles.occurred_at.field} ({roles.occurred_at.format}, {roles.occurred_at.timezone})",
        "amount_minor": f"{roles.amount.field} ({roles.amount.unit} units)",
        "currency": f"the line's own {line.currency}",
    }
    for name in ("event_id", "subject", "counterparty", "instrument", "currency", "channel", "text"):
        if (role := getattr(roles, name)) is not None:
            constant = f"always {role.constant!r}"
            found[name] = constant if role.constant is not None else f" {role.join} ".join(role.paths)
    if place is not None:
        given = {"place": place.field, "latitude": place.latitude, "longitude": place.longitude}
        found |= {name: path for name, path in given.items() if path is not None}
    return found

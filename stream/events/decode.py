"""Turns a topic's raw records into columns, and says of each unusable one why it is."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import orjson
from pydantic import ValidationError

from stream.clock import Clock
from stream.events.business_line import BusinessLine
from stream.events.event_batch import EventBatch
from stream.events.roles import (
    RoleError,
    compile_amount,
    compile_coordinate,
    compile_match,
    compile_text,
    compile_time,
    major_units,
)
from stream.events.transaction import Transaction

REKEYED_SUFFIX = "-rekeyed"

RejectReason = Literal[
    "unreadable", "oversized", "wrong_type", "missing_field", "non_finite", "far_future", "unknown_line", "bad_value",
    "unknown_event", "label_before_event",
]  # fmt: skip

_OPTIONAL = ("instrument", "channel", "text")


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A record as it lies on its topic.

    Attributes:
        topic: Full name.
        timestamp_ms: When it was produced, epoch milliseconds.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be used.

    Attributes:
        reason: One of `RejectReason`.
        field: The role or field at fault, None where it is the whole record.
        detail: For a person.
    """

    record: SourceRecord
    reason: RejectReason
    field: str | None
    detail: str


class LineReader:
    """Reads the events of one line."""

    def __init__(self, line: BusinessLine) -> None:
        """Compile the line's roles."""
        roles = line.roles
        self.line = line
        self.matches = compile_match(line)
        self._event_id = compile_text(roles.event_id, "event_id", required=True)
        self._subject = compile_text(roles.subject, "subject", required=True)
        self._counterparty = compile_text(roles.counterparty, "counterparty", required=True)
        self._occurred_at = compile_time(roles.occurred_at)
        self._amount = compile_amount(roles.amount, allow_negative=line.allow_negative)
        self._currency = compile_text(roles.currency, "currency", required=False) if roles.currency else None
        self._others: list[tuple[str, Callable[[Mapping[str, Any]], Any]]] = [
            (name, compile_text(role, name, required=False))
            for name in _OPTIONAL
            if (role := getattr(roles, name)) is not None
        ]
        self._add_place(line)

    def _add_place(self, line: BusinessLine) -> None:
        place = line.roles.place
        if place is None:
            return
        if place.field is not None:
            from stream.events.business_line import FieldRole  # noqa: PLC0415 - only lines with a place text need it

            self._others.append(("place", compile_text(FieldRole(field=place.field), "place", required=False)))
        if place.latitude is not None and place.longitude is not None:
            self._others.append(("latitude", compile_coordinate(place.latitude, "latitude")))
            self._others.append(("longitude", compile_coordinate(place.longitude, "longitude")))

    def read(self, event: Mapping[str, Any]) -> Transaction:
        """Return the event in canonical roles.

        Raises:
            RoleError: A role cannot be read.
            ValidationError: A role's value does not fit.
        """
        currency = self._currency(event) if self._currency is not None else None
        currency = currency or self.line.currency
        found = {
            "event_id": self._event_id(event),
            "line": self.line.name,
            "occurred_at_s": self._occurred_at(event),
            "subject": self._subject(event),
            "counterparty": self._counterparty(event),
            "amount_minor": self._amount(event, currency),
            "currency": currency,
        }
        for name, getter in self._others:
            if (value := getter(event)) is not None:
                found[name] = value
        return Transaction.model_validate(found)


class Decoder:
    """Decodes records of the lines' topics."""

    def __init__(
        self, lines: Mapping[str, BusinessLine], clock: Clock, max_bytes: int = 65_536, topic_prefix: str = ""
    ) -> None:
        """Compile all lines.

        Args:
            lines: Business lines by name.
            clock: Tells the future from the past.
            max_bytes: Larger records are refused.
            topic_prefix: Before the lines' topic names.
        """
        self._clock = clock
        self._max_bytes = max_bytes
        self._readers: dict[str, list[LineReader]] = {}
        for line in lines.values():
            reader = LineReader(line)
            for topic in (topic_prefix + line.topic, topic_prefix + line.topic + REKEYED_SUFFIX):
                self._readers.setdefault(topic, []).append(reader)

    def decode(self, records: Sequence[SourceRecord]) -> tuple[EventBatch, list[Rejected]]:
        """Return usable records as columns and the others with their reasons, both in order."""
        now_s = self._clock.now_s()
        good: list[Transaction] = []
        produced_at_ms: list[int] = []
        rejected: list[Rejected] = []
        for record in records:
            found = self._decode_one(record, now_s)
            if isinstance(found, Transaction):
                good.append(found)
                produced_at_ms.append(record.timestamp_ms)
            else:
                rejected.append(found)
        return batch_of(good, produced_at_ms), rejected

    def _decode_one(self, record: SourceRecord, now_s: float) -> Transaction | Rejected:
        value = record.value
        if value is None:
            return Rejected(record, "unreadable", None, "the record has no value")
        if len(value) > self._max_bytes:
            return Rejected(record, "oversized", None, f"{len(value)} bytes, at most {self._max_bytes} are taken")
        try:
            event = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            return Rejected(record, "unreadable", None, f"is not JSON: {error}")
        if type(event) is not dict:
            return Rejected(record, "unreadable", None, "must be a JSON object")
        reader = self._reader_of(record.topic, event)
        if reader is None:
            return Rejected(record, "unknown_line", "line", f"no line of topic {record.topic} matches this event")
        return _read(reader, event, record, now_s)

    def _reader_of(self, topic: str, event: Mapping[str, Any]) -> LineReader | None:
        readers = self._readers.get(topic, ())
        return next((reader for reader in readers if reader.matches(event)), None)


def _read(reader: LineReader, event: Mapping[str, Any], record: SourceRecord, now_s: float) -> Transaction | Rejected:
    try:
        found = reader.read(event)
    except RoleError as error:
        return Rejected(record, error.reason, error.role, str(error))  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        reason: RejectReason = "non_finite" if first["type"] == "finite_number" else "bad_value"
        return Rejected(record, reason, field, f"{first['msg']}")
    latest_s = now_s + reader.line.max_future_s
    if found.occurred_at_s > latest_s:
        ahead_s = found.occurred_at_s - now_s
        detail = f"the event time is {ahead_s:.0f} s ahead of the clock; at most {reader.line.max_future_s:.0f} s are taken"
        return Rejected(record, "far_future", "occurred_at", detail)
    return found


def text_code(text: str | None) -> int:
    """Return the CRC-32 of a text's UTF-8, never 0 for a text; 0 for none."""
    if text is None:
        return 0
    return zlib.crc32(text.encode("utf-8", "surrogatepass")) or 1


def batch_of(events: Sequence[Transaction], produced_at_ms: Sequence[int]) -> EventBatch:
    """Return transactions as columns."""
    nan = float("nan")
    return EventBatch(
        event_id=[one.event_id for one in events],
        line=[one.line for one in events],
        subject=[one.subject for one in events],
        counterparty=[one.counterparty for one in events],
        currency=[one.currency for one in events],
        occurred_at_s=np.array([one.occurred_at_s for one in events], np.float64),
        amount_minor=np.array([one.amount_minor for one in events], np.int64),
        amount=np.array([major_units(one.amount_minor, one.currency) for one in events], np.float64),
        instrument=np.array([text_code(one.instrument) for one in events], np.uint32),
        place=np.array([text_code(one.place) for one in events], np.uint32),
        latitude=np.array([nan if one.latitude is None else one.latitude for one in events], np.float32),
        longitude=np.array([nan if one.longitude is None else one.longitude for one in events], np.float32),
        produced_at_ms=np.array(produced_at_ms, np.int64),
    )

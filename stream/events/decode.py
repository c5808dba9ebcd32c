"""Turns a topic's raw records into columns, and says of each unusable one why it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt
import orjson
from pydantic import ValidationError

from stream.clock import Clock
from stream.events.business_line import BusinessLine
from stream.events.documents_topic import DocumentsTopic
from stream.events.event_batch import EventBatch, in_order
from stream.events.line_reader import LineChooser, LineReader
from stream.events.reject_reason import RejectReason
from stream.events.roles import Event, RoleError
from stream.events.supply_chain.canonical_roles import as_transaction
from stream.events.supply_chain.decode import Rejection
from stream.events.supply_chain.supply_chain_event import SupplyChainEvent
from stream.events.topic_columns import Part, TopicColumns
from stream.events.transaction import Transaction, explain
from stream.events.transaction_columns import batch_of

REKEYED_SUFFIX = "-rekeyed"


class SourceRecord(msgspec.Struct, frozen=True, gc=False):
    """A record as it lies on its topic; one is made for every event, and a struct is made fastest.

    Attributes:
        topic: Full name.
        timestamp_ms: When it was produced, epoch milliseconds.
        matches: What the ledgers found of a document on its way to be profiled (`match_reason.py`); else empty.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    matches: bytes = b""


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


@dataclass(frozen=True, slots=True)
class DecodedDocuments:
    """Records of a topic of documents.

    Attributes:
        batch: The usable ones in canonical roles.
        documents: As they are.
        records: Where each comes from.
        rejected: The others.
    """

    batch: EventBatch
    documents: list[SupplyChainEvent]
    records: list[SourceRecord]
    rejected: list[Rejected]


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
        readers: dict[str, list[LineReader]] = {}
        documents: dict[str, list[BusinessLine]] = {}
        for line in lines.values():
            if line.documents is None:
                readers.setdefault(topic_prefix + line.topic, []).append(LineReader(line))
            else:
                documents.setdefault(topic_prefix + line.topic, []).append(line)
        self._documents = {topic: DocumentsTopic(own, clock, max_bytes) for topic, own in documents.items()}
        self._documents |= {topic + REKEYED_SUFFIX: read for topic, read in self._documents.items()}
        self._choosers = {topic: LineChooser(of_topic) for topic, of_topic in readers.items()}
        self._columns = {
            topic: TopicColumns(of_topic, self._choosers[topic], max_bytes) for topic, of_topic in readers.items()
        }
        self._choosers |= {topic + REKEYED_SUFFIX: chooser for topic, chooser in self._choosers.items()}
        self._columns |= {topic + REKEYED_SUFFIX: columns for topic, columns in self._columns.items()}

    def reads_documents(self, topic: str) -> bool:
        """Tell whether a topic carries documents of supply-chain finance."""
        return topic in self._documents

    def decode(self, records: Sequence[SourceRecord]) -> tuple[EventBatch, list[Rejected]]:
        """Return usable records of payments as columns and the others with their reasons, both in order."""
        now_s = self._clock.now_s()
        parts = self._plain(records, now_s)
        odd = np.ones(len(records), np.bool_)
        for _, places in parts:
            odd[places] = False
        if parts and not odd.any():
            return in_order(parts), []
        one_by_one, places, rejected = self._one_by_one(records, np.flatnonzero(odd), now_s)
        return in_order([*parts, (one_by_one, places)]), rejected

    def decode_documents(self, records: Sequence[SourceRecord]) -> DecodedDocuments:
        """Return usable records of a topic of documents, and the others with their reasons, both in order."""
        good: list[tuple[SourceRecord, SupplyChainEvent]] = []
        rejected: list[Rejected] = []
        for record in records:
            found = self._documents[record.topic].read(record.value)
            if isinstance(found, Rejection):
                rejected.append(Rejected(record, found.reason, found.field, found.words))
            else:
                good.append((record, found))
        documents = [document for _, document in good]
        kept = [record for record, _ in good]
        batch = batch_of(list(map(as_transaction, documents)), [record.timestamp_ms for record in kept])
        return DecodedDocuments(batch, documents, kept, rejected)

    def _plain(self, records: Sequence[SourceRecord], now_s: float) -> list[Part]:
        topics = {record.topic for record in records}
        columns = self._columns.get(topics.pop()) if len(topics) == 1 else None
        if columns is None:
            return []
        return columns.read([record.value for record in records], [record.timestamp_ms for record in records], now_s)

    def _one_by_one(
        self, records: Sequence[SourceRecord], places: npt.NDArray[np.int64], now_s: float
    ) -> tuple[EventBatch, npt.NDArray[np.int64], list[Rejected]]:
        good: list[tuple[int, Transaction]] = []
        rejected: list[Rejected] = []
        for at in places.tolist():
            found = self._decode_one(records[at], now_s)
            if isinstance(found, Transaction):
                good.append((at, found))
            else:
                rejected.append(found)
        taken = [at for at, _ in good]
        batch = batch_of([one for _, one in good], [records[at].timestamp_ms for at in taken])
        return batch, np.array(taken, np.int64), rejected

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
        chooser = self._choosers.get(record.topic)
        reader = chooser.choose(event) if chooser is not None else None
        if reader is None:
            return Rejected(record, "unknown_line", "line", f"no line of topic {record.topic} matches this event")
        return _read(reader, event, record, now_s)


def _read(reader: LineReader, event: Event, record: SourceRecord, now_s: float) -> Transaction | Rejected:
    try:
        found = reader.read(event)
    except RoleError as error:
        return Rejected(record, error.reason, error.role, str(error))
    except ValidationError as error:
        return Rejected(record, *explain(error, reader.named))
    ahead_s, most_s = found.occurred_at_s - now_s, reader.line.max_future_s
    if ahead_s > most_s:
        detail = f"the event time is {ahead_s:.0f} s ahead of the clock; at most {most_s:.0f} s are taken"
        return Rejected(record, "far_future", "occurred_at", detail)
    return found

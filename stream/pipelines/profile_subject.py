"""First hop: events keyed by subject in, events with their subject's features out."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
import numpy.typing as npt

from stream.events.decode import Decoder, Rejected, SourceRecord
from stream.events.enriched_event import EnrichedEvent, MatchedEvent, encode_together, key_of
from stream.events.event_batch import EventBatch, take_rows
from stream.events.match_reason import MatchReason, decode_matches
from stream.events.produced_at import produced_at_headers
from stream.events.unreadable import UNREADABLE
from stream.features.partition_state import PartitionState
from stream.features.profile_state import Documents, ProfileState, profile_events
from stream.metrics import Metrics
from stream.pipelines.effects import ENRICHED_EVENTS, Effects, Outgoing, StatelessReplay
from stream.placement import partitions_of

Matched = Mapping[tuple[str, str], list[MatchReason]]
"""What the ledgers found of documents, by line and event."""


@dataclass(frozen=True, slots=True)
class ProfiledBatch:
    """Events with their subjects' features, repeats left out.

    Attributes:
        events: The records for the second hop, in order of arrival.
        repeats: Line of every event left out because its id had been seen.
    """

    events: list[EnrichedEvent]
    repeats: list[str]


def profile_subject(state: ProfileState, batch: EventBatch, documents: Documents | None = None) -> ProfiledBatch:
    """Return the batch with the first hop's features, and change the state.

    Args:
        state: Subjects and trade of this partition.
        batch: Events in order of arrival.
        documents: What they are where lines read documents; None for payments alone.
    """
    features, repeated = profile_events(state, batch, documents)
    if not repeated.any():
        return ProfiledBatch(_enriched(batch, features), [])
    new = np.flatnonzero(~repeated)
    events = _enriched(take_rows(batch, new), features[new])
    return ProfiledBatch(events, [batch.line[index] for index in np.flatnonzero(repeated)])


def _enriched(batch: EventBatch, features: npt.NDArray[np.float32]) -> list[EnrichedEvent]:
    raw, width = np.ascontiguousarray(features, "<f4").tobytes(), features.shape[1] * 4
    columns = {
        "event_id": batch.event_id,
        "line": batch.line,
        "subject": batch.subject,
        "counterparty": batch.counterparty,
        "currency": batch.currency,
        "occurred_at_s": batch.occurred_at_s.tolist(),
        "amount_minor": batch.amount_minor.tolist(),
        "amount": batch.amount.tolist(),
        "produced_at_ms": batch.produced_at_ms.tolist(),
        "features": [raw[start : start + width] for start in range(0, len(raw), width)],
    }
    return list(map(EnrichedEvent, *(columns[name] for name in EnrichedEvent.__struct_fields__)))


class ProfileStep(StatelessReplay):
    """The first hop on one partition."""

    def __init__(
        self,
        decoder: Decoder,
        state: ProfileState,
        metrics: Metrics,
        partition: int,
        scoring_partitions: int,
        pseudonym: Callable[[str], str] | None = None,
    ) -> None:
        """Join a decoder and a partition's state.

        Args:
            decoder: Reads the user's records.
            state: Of this partition.
            metrics: Where repeats and event times are booked.
            partition: The partition number.
            scoring_partitions: How many `enriched-events` has.
            pseudonym: Names subjects in all that is kept and written; None leaves their own names.
        """
        self._pseudonym = pseudonym
        self._scoring_partitions = scoring_partitions
        self.state: PartitionState | None = state
        self._first_hop = state
        self._decoder = decoder
        self._metrics = metrics
        self._partition = str(partition)
        self._newest_s: dict[str, float] = {}

    def process(self, records: list[SourceRecord]) -> Effects:
        """Decode, profile and enrich one micro-batch."""
        if self._decoder.reads_documents(records[0].topic):
            return self._process_documents(records)
        batch, rejected = self._decoder.decode(records)
        return self._enrich(records[0].topic, batch, rejected)

    def _process_documents(self, records: list[SourceRecord]) -> Effects:
        whole, reasons, broken = _read_reasons(records)
        found = self._decoder.decode_documents(whole)
        matched = {
            (document.line, document.event_id): reasons[record.offset]
            for document, record in zip(found.documents, found.records, strict=True)
            if record.offset in reasons
        }
        return self._enrich(records[0].topic, found.batch, [*broken, *found.rejected], found.documents, matched)

    def _enrich(
        self,
        topic: str,
        batch: EventBatch,
        rejected: list[Rejected],
        documents: Documents | None = None,
        matched: Matched | None = None,
    ) -> Effects:
        if not len(batch):
            return Effects([], rejected)
        if self._pseudonym is not None:
            batch = replace(batch, subject=[self._pseudonym(subject) for subject in batch.subject])
        profiled = profile_subject(self._first_hop, batch, documents)
        for line in profiled.repeats:
            self._metrics.count("foreshot_repeated_events", line=line)
        self._tell_newest(topic, float(batch.occurred_at_s.max()))
        events = _with_reasons(profiled.events, matched) if matched else profiled.events
        return Effects(self._placed(events), rejected)

    def _placed(self, events: Sequence[EnrichedEvent]) -> list[Outgoing]:
        of_place: dict[int, list[EnrichedEvent]] = defaultdict(list)
        places = partitions_of([key_of(event) for event in events], self._scoring_partitions)
        for event, place in zip(events, places.tolist(), strict=True):
            of_place[place].append(event)
        return [
            Outgoing(ENRICHED_EVENTS, None, value, place)
            for place, some in of_place.items()
            for value in encode_together(some)
        ]

    def _tell_newest(self, topic: str, occurred_at_s: float) -> None:
        newest_s = self._newest_s[topic] = max(occurred_at_s, self._newest_s.get(topic, occurred_at_s))
        where = {"topic": topic, "partition": self._partition}
        self._metrics.gauge("foreshot_last_event_time_seconds", newest_s, **where)


def _read_reasons(
    records: list[SourceRecord],
) -> tuple[list[SourceRecord], dict[int, list[MatchReason]], list[Rejected]]:
    """Return records whose matches can be read, the matches by offset where there are any, and the refused."""
    reasons: dict[int, list[MatchReason]] = {}
    broken: list[Rejected] = []
    for record in records:
        try:
            reasons |= {record.offset: decode_matches(record.matches)} if record.matches else {}
        except UNREADABLE as error:
            broken.append(Rejected(record, "unreadable", "document-matches", f"header: {error}"))
    unread = {one.record.offset for one in broken}
    return [record for record in records if record.offset not in unread], reasons, broken


def _with_reasons(events: list[EnrichedEvent], matched: Matched) -> list[EnrichedEvent]:
    return [
        MatchedEvent(**msgspec.structs.asdict(event), reasons=reasons)
        if (reasons := matched.get((event.line, event.event_id)))
        else event
        for event in events
    ]


class RekeyStep(StatelessReplay):
    """Sends a topic's events on, keyed by subject, for lines whose topic is keyed otherwise."""

    state: PartitionState | None = None

    def __init__(self, decoder: Decoder, topic: str) -> None:
        """Write to `topic` (without the installation's prefix)."""
        self._decoder = decoder
        self._topic = topic

    def process(self, records: list[SourceRecord]) -> Effects:
        """Key each readable record by its subject; its bytes stay as they are, and when it was produced is told."""
        batch, rejected = self._decoder.decode(records)
        refused = {id(one.record) for one in rejected}
        kept = [record for record in records if id(record) not in refused]
        outgoing = [
            Outgoing(self._topic, subject.encode(), record.value, headers=produced_at_headers(record.timestamp_ms))
            for subject, record in zip(batch.subject, kept, strict=True)
        ]
        return Effects(outgoing, rejected)

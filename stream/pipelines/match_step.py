"""Scored events and labels of one partition in; labelled examples and risk updates out."""

from collections.abc import Mapping

from stream.adaptation.feature_store import FeatureStore
from stream.adaptation.label_state import LabelState
from stream.adaptation.labelled_example import encode as encode_example
from stream.clock import Clock
from stream.events.business_line import BusinessLine
from stream.events.decode import Rejected, SourceRecord
from stream.events.enriched_event import encode as encode_enriched
from stream.events.enriched_event import key_of
from stream.events.fraud_label import FraudLabel, decode_labels
from stream.events.scored_event import ScoredEvent
from stream.events.scored_event import decode as decode_scored
from stream.events.unreadable import UNREADABLE
from stream.features.partition_state import PartitionState
from stream.metrics import Metrics
from stream.pipelines.confirmed_precision import ConfirmedPrecision
from stream.pipelines.effects import ENRICHED_EVENTS, FRAUD_LABELS, LABELLED_EXAMPLES, Effects, Outgoing
from stream.pipelines.match_label import MatchEffects, RefusedLabel, match_labels, match_scored
from stream.pipelines.told_state import ToldState
from stream.placement import partition_of


class MatchStep:
    """Joins labels to features on one partition number of both topics."""

    def __init__(
        self,
        state: LabelState,
        store: FeatureStore,
        lines: Mapping[str, BusinessLine],
        clock: Clock,
        metrics: Metrics,
        confirmed: ConfirmedPrecision,
        partition: int,
        partitions: int,
        labels_topic: str,
    ) -> None:
        """Join a partition's labels and features.

        Args:
            state: Labels in force and waiting.
            store: What events were scored from.
            lines: Business lines by name.
            clock: Tells the future from the past.
            metrics: Where labels are booked.
            confirmed: Where the precision they confirm is booked, for all partitions of the worker.
            partition: The partition number.
            partitions: How many partitions both topics have.
            labels_topic: Full name of the labels' topic.
        """
        self.state: PartitionState | None = ToldState(state, self._confirm)
        self._labels = state
        self._store = store
        self._lines = lines
        self._clock = clock
        self._metrics = metrics
        self._partition = partition
        self._partitions = partitions
        self._labels_topic = labels_topic
        self._booked = MatchEffects()
        self._confirmed = confirmed

    def replay_from(self, topic: str) -> int | None:
        """Return the first scored event that the store has not kept; labels are in the changelog."""
        return None if topic == self._labels_topic else self._store.next_offset

    def replay(self, records: list[SourceRecord]) -> None:
        """Keep the features of events that were matched before."""
        self._store.put(_decode(records)[0], records[-1].offset + 1)

    def urgent(self, records: list[SourceRecord]) -> bool:
        """Return whether these are labels: scored events are only kept for later."""
        return records[0].topic == self._labels_topic

    async def prepare(self, records: list[SourceRecord]) -> None:
        """Wait for nothing."""

    def process(self, records: list[SourceRecord]) -> Effects:
        """Take a run of scored events or of labels."""
        if records[0].topic == self._labels_topic:
            return self._take_labels(records)
        scored, rejected = _decode(records)
        self._booked = match_scored(
            self._labels,
            self._store,
            scored,
            next_offset=records[-1].offset + 1,
            lines=self._lines,
            partitions=self._partitions,
        )
        return self._effects(self._booked, records, rejected)

    def _take_labels(self, records: list[SourceRecord]) -> Effects:
        labels, rejected = decode_labels(records)
        here: list[tuple[FraudLabel, int]] = []
        sources: list[SourceRecord] = []
        forwarded: list[Outgoing] = []
        now_s = self._clock.now_s()
        for label, record in labels:
            if (ahead_s := label.labelled_at.timestamp() - now_s) > self._most_ahead_s(label.line):
                # Taken, it would outlast every honest label that comes after it.
                detail = f"labelled {ahead_s:.0f} s ahead of the clock"
                rejected.append(Rejected(record, "far_future", "labelled_at", detail))
                continue
            key = label.event_id.encode()
            owner = partition_of(key, self._partitions)
            if owner == self._partition:
                here.append((label, record.timestamp_ms))
                sources.append(record)
            else:
                # Keyed otherwise by its producer: it goes on to where its event's score is.
                forwarded.append(Outgoing(FRAUD_LABELS, key, record.value, owner))
        self._booked = match_labels(self._labels, self._store, here, lines=self._lines)
        effects = self._effects(self._booked, sources, rejected)
        return Effects([*forwarded, *effects.outgoing], effects.rejected)

    def _most_ahead_s(self, line: str) -> float:
        return self._lines[line].max_future_s if line in self._lines else 0.0

    def _effects(self, found: MatchEffects, sources: list[SourceRecord], rejected: list[Rejected]) -> Effects:
        outgoing = [
            Outgoing(LABELLED_EXAMPLES, example.line.encode(), encode_example(example)) for example in found.examples
        ]
        outgoing += [Outgoing(ENRICHED_EVENTS, key_of(one), encode_enriched(one)) for one in found.risk_updates]
        return Effects(outgoing, rejected + [self._refused(one, sources) for one in found.refused])

    def _refused(self, one: RefusedLabel, sources: list[SourceRecord]) -> Rejected:
        if one.record_index is not None:
            return Rejected(sources[one.record_index], one.reason, "event_id", one.detail)
        waited = SourceRecord(
            self._labels_topic, self._partition, -1, one.event_id.encode(), one.label, one.produced_at_ms
        )
        return Rejected(waited, one.reason, "event_id", one.detail)

    def committed(self) -> None:
        """Book labels, their delay and the precision they confirm."""
        found, self._booked = self._booked, MatchEffects()
        for (line, label, outcome), count in found.outcomes.items():
            self._metrics.count("foreshot_labels", count, line=line, label=label, outcome=outcome)
        for line, delay_s in found.label_delays_s:
            self._metrics.observe("foreshot_label_delay_seconds", [max(delay_s, 0.0)], line=line)
        self._confirm()

    def _confirm(self) -> None:
        self._confirmed.book(str(self._partition), self._labels.alerted)

    def close(self) -> None:
        """Close the store's files; the partition's labels are another worker's to count."""
        self._confirmed.forget(str(self._partition))
        self._store.close()


def _decode(records: list[SourceRecord]) -> tuple[list[ScoredEvent], list[Rejected]]:
    scored: list[ScoredEvent] = []
    rejected: list[Rejected] = []
    for record in records:
        try:
            scored.append(decode_scored(record.value or b""))
        except UNREADABLE as error:
            rejected.append(Rejected(record, "unreadable", None, str(error)))
    return scored, rejected

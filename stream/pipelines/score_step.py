"""The second hop on one partition: enriched records in, scored events and alert candidates out."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from stream.events.decode import Rejected, SourceRecord
from stream.events.enriched_event import EnrichedEvent, EnrichedRecord, WeightsActivation, decode, encode
from stream.events.scored_event import ScoredEvent, encode_all
from stream.events.unreadable import UNREADABLE
from stream.features.partition_state import PartitionState
from stream.features.trade.trade_specification import ABSENT
from stream.metrics import Metrics
from stream.pipelines.effects import (
    ALERT_CANDIDATES,
    MOST_TOGETHER,
    SCORED_EVENTS,
    Effects,
    Outgoing,
    StatelessReplay,
)
from stream.pipelines.estimated_precision import EstimatedPrecision
from stream.pipelines.joined_state import JoinedState
from stream.pipelines.live_weights import LiveWeights
from stream.pipelines.score_event import Scoring, score_events
from stream.pipelines.tell_matches import tell_matches

COUNTERPARTY_PREFIX = b"c"
BUDGET_PREFIX = b"b"
VERSIONS_PREFIX = b"v"
_ACTIVATION = b"\xa1a"
_NO_TRADE = ABSENT.astype("<f4").tobytes()

_Held = tuple[SourceRecord, Sequence[EnrichedRecord]]


class ScoreStep(StatelessReplay):
    """Scores one partition of counterparties."""

    def __init__(
        self, scoring: Scoring, weights: LiveWeights, metrics: Metrics, estimated: EstimatedPrecision, partition: int
    ) -> None:
        """Join a partition's state and the weights in force.

        Args:
            scoring: The partition's state, and what it is scored with.
            weights: All weights that arrived.
            metrics: Where latencies and counts are booked.
            estimated: Means over all partitions of the worker.
            partition: The partition number.
        """
        self.state: PartitionState | None = JoinedState(
            {
                COUNTERPARTY_PREFIX: scoring.counterparties,
                BUDGET_PREFIX: scoring.budget,
                VERSIONS_PREFIX: scoring.active,
            }
        )
        self._scoring = scoring
        self._weights = weights
        self._metrics = metrics
        self._estimated = estimated
        self._partition = str(partition)
        self._reads_documents = any(line.documents for line in scoring.lines.values())
        self._newest_s = float("-inf")
        self._versions: dict[str, int] = {}
        self._last: list[ScoredEvent] = []

    async def prepare(self, records: list[SourceRecord]) -> None:
        """Wait until the weights that these records put in force have arrived."""
        # Two bytes into the record, msgpack's one-letter tag tells without decoding.
        for value in [one.value for one in records if one.value is not None and one.value[1:3] == _ACTIVATION]:
            if (one := _activation(value)) is not None:
                await self._weights.arrived(one.line, one.version)

    def process(self, records: list[SourceRecord]) -> Effects:
        """Score the events of the first records, as many as are scored together."""
        read, held, unreadable = _read(records)
        enriched, unfit = _usable(held, self._scoring)
        rejected = unreadable + unfit
        scored = score_events(self._scoring, enriched)
        self._last = tell_matches(self._scoring.lines, enriched, scored) if self._reads_documents else scored
        values = encode_all(self._last)
        outgoing = [
            Outgoing(SCORED_EVENTS, scored.event_id.encode(), value)
            for scored, value in zip(self._last, values, strict=True)
        ]
        outgoing += [
            Outgoing(ALERT_CANDIDATES, f"{scored.line}\0{scored.subject}".encode(), value)
            for scored, value in zip(self._last, values, strict=True)
            if scored.alerted
        ]
        if self._last:
            self._newest_s = max(self._newest_s, *[scored.occurred_at_s for scored in self._last])
            where = {"topic": records[0].topic, "partition": self._partition}
            self._metrics.gauge("foreshot_last_event_time_seconds", self._newest_s, **where)
        return Effects(outgoing, rejected, taken=read, held=len(enriched) + len(rejected))

    def committed(self) -> None:
        """Book latencies and counts of what is now visible."""
        scored, self._last = self._last, []
        if not scored:
            return
        now_s = self._scoring.clock.now_s()
        produced_at_s = np.array([one.produced_at_ms for one in scored]) / 1000
        self._metrics.events_scored([one.line for one in scored], now_s - produced_at_s)
        self._book_alerts([one for one in scored if one.alerted])
        self._book_versions({one.line: one.weights_version for one in scored}, now_s)

    def _book_alerts(self, alerted: Sequence[ScoredEvent]) -> None:
        by_line: dict[str, list[ScoredEvent]] = defaultdict(list)
        for one in alerted:
            by_line[one.line].append(one)
        for line, candidates in by_line.items():
            self._metrics.count("foreshot_alert_candidates", len(candidates), line=line)
            if by_score := [one.score for one in candidates if one.score >= one.threshold]:
                self._metrics.gauge("foreshot_estimated_precision", self._estimated.observe(line, by_score), line=line)

    def _book_versions(self, versions: Mapping[str, int], now_s: float) -> None:
        # Few lines of a batch swap their weights: the others are not told again.
        for line, version in versions.items() - self._versions.items():
            self._metrics.gauge("foreshot_weights_version", version, line=line)
            if (label_produced_at_s := self._weights.went_live(line, version)) is not None:
                self._metrics.observe("foreshot_label_to_live_seconds", [now_s - label_produced_at_s], line=line)
        self._versions.update(versions)


def _activation(value: bytes) -> WeightsActivation | None:
    try:
        found = decode(value)
    except UNREADABLE:
        # Not waited for: `process` refuses it.
        return None
    # Bytes that look like a tag need not be one.
    return found[0] if len(found) == 1 and isinstance(found[0], WeightsActivation) else None


def _read(records: Sequence[SourceRecord]) -> tuple[int, list[_Held], list[Rejected]]:
    """Decode the first records, until they hold as many events as are scored together.

    Returns:
        How many were read, what those hold that can be decoded, and the others.
    """
    held: list[_Held] = []
    rejected: list[Rejected] = []
    events = read = 0
    for record in records:
        read += 1
        try:
            inside = decode(record.value or b"")
        except UNREADABLE as error:
            rejected.append(Rejected(record, "unreadable", None, str(error)))
            continue
        held.append((record, inside))
        events += len(inside)
        if events >= MOST_TOGETHER:
            break
    return read, held, rejected


def _usable(held: Sequence[_Held], scoring: Scoring) -> tuple[list[EnrichedRecord], list[Rejected]]:
    """Return what can be scored, and what its line or its features' width forbids."""
    width_bytes = 4 * scoring.scorers.specification.profiled_width
    found = [one for _, inside in held for one in inside]
    widths = {len(one.features) for one in found if isinstance(one, EnrichedEvent)}
    if {one.line for one in found} <= scoring.lines.keys() and widths <= {width_bytes}:
        return found, []
    usable: list[EnrichedRecord] = []
    rejected: list[Rejected] = []
    for record, inside in held:
        for one in inside:
            if one.line not in scoring.lines:
                detail = f"no line file declares {one.line}"
                rejected.append(Rejected(_alone(record, one), "unknown_line", "line", detail))
            elif isinstance(one, EnrichedEvent) and len(one.features) + len(_NO_TRADE) == width_bytes:
                # Profiled before the installation read documents.
                usable.append(msgspec.structs.replace(one, features=one.features + _NO_TRADE))
            elif isinstance(one, EnrichedEvent) and len(one.features) != width_bytes:
                detail = f"{len(one.features)} bytes, this worker reads {width_bytes}; was it profiled by another one?"
                rejected.append(Rejected(_alone(record, one), "feature_width", "features", detail))
            else:
                usable.append(one)
    return usable, rejected


def _alone(record: SourceRecord, one: EnrichedRecord) -> SourceRecord:
    """Return the record as if it held nothing else: one event is refused, not all that travel with it."""
    return msgspec.structs.replace(record, value=encode(one))

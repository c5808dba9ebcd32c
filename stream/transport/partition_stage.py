"""One stage's step on one partition number, and the records that wait for it."""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from operator import lt
from typing import Any

from aiokafka.structs import TopicPartition
from faust.types import TP

from stream.events.decode import SourceRecord
from stream.events.match_reason import matches_of
from stream.events.produced_at import produced_at_ms
from stream.pipelines.effects import MOST_TOGETHER
from stream.transport.changelog import offsets_in, read_partition, state_records
from stream.transport.cluster import Cluster
from stream.transport.dead_letters import DeadLetterLimit
from stream.transport.micro_batches import MicroBatch
from stream.transport.stage import Stage
from stream.transport.topics import REKEYED_SUFFIX, Topics
from stream.transport.transactions import Changes

# Two transactions' worth of payments, so that one is ready while another is written.
_MOST_WAITING_BYTES = 4 << 20
_RECORD_BYTES = 512
"""Of the objects of a record, beside its value."""


class PartitionStage:
    """A stage's step, state and waiting records for one partition number."""

    def __init__(
        self,
        stage: Stage,
        partition: int,
        sources: Iterable[str],
        limit: DeadLetterLimit,
        hold: Callable[[TP], None],
        release: Callable[[TP], None],
    ) -> None:
        """Make the step.

        Args:
            stage: What to do.
            partition: The partition number.
            sources: The stage's topics whose partition was assigned to this worker.
            limit: Stops the worker when too many of the stage's records are unusable.
            hold: Told of a source that should not be fetched for now.
            release: Told of one that should be fetched again.
        """
        self.stage = stage
        self.partition = partition
        self.sources = tuple(sources)
        self.step = stage.make_step(partition)
        self.limit = limit
        self._taken_of: str | None = None
        self.progress_s = dict.fromkeys(self.sources, time.monotonic())
        self._hold = hold
        self._release = release
        self._runs: deque[MicroBatch] = deque()
        self._left: list[SourceRecord] = []
        self._waiting_bytes: dict[str, int] = defaultdict(int)
        self._full: set[str] = set()
        self._next_offset: dict[str, int] = {}

    @property
    def remembers(self) -> bool:
        """Whether there is a changelog, which can tell how far the inputs are."""
        return self.stage.changelog is not None and self.step.state is not None

    def waits(self, topic: str) -> bool:
        """Return whether records of a topic are being processed or wait."""
        left = bool(self._left) and self._left[0].topic == topic
        return left or topic == self._taken_of or self._waiting_bytes[topic] > 0

    @property
    def restored(self) -> bool:
        """Whether the state is back."""
        return all(topic in self._next_offset for topic in self.sources)

    def next_offset(self, topic: str) -> int | None:
        """Return the first offset not yet processed, None before the start."""
        return self._next_offset.get(topic)

    def submit(self, run: MicroBatch) -> None:
        """Take a run, and say where its source has so much waiting that it is not to be fetched.

        A source that is behind must hold up no other, which waiting here for room would.
        """
        topic = run.tp.topic
        self._runs.append(run)
        self._waiting_bytes[topic] += _held_bytes(run)
        if self._waiting_bytes[topic] >= _MOST_WAITING_BYTES and topic not in self._full:
            self._full.add(topic)
            self._hold(TP(topic, self.partition))

    def _pop(self) -> MicroBatch:
        run = self._runs.popleft()
        topic = run.tp.topic
        self._waiting_bytes[topic] -= _held_bytes(run)
        if topic in self._full and self._waiting_bytes[topic] <= _MOST_WAITING_BYTES // 2:
            self._full.remove(topic)
            self._release(TP(topic, self.partition))
        return run

    def has_work(self) -> bool:
        """Return whether a record waits that was not processed yet."""
        # A seek after an assignment fetches again what waits here or was processed already.
        while self._runs and self._runs[0].records[-1].offset < self._onward_from(self._runs[0].tp.topic):
            self._pop()
        return bool(self._left or self._runs)

    def is_urgent(self) -> bool:
        """Return whether somebody waits for what waits here, or there is enough of it for a transaction."""
        waiting = sum(len(run.records) for run in self._runs)
        return waiting >= MOST_TOGETHER or bool(self._left) or any(self.step.urgent(run.records) for run in self._runs)

    def take(self) -> tuple[str, list[SourceRecord]]:
        """Return what is to be processed next, of one topic: at least a record where there is work."""
        topic = self._left[0].topic if self._left else self._runs[0].tp.topic
        waiting: list[Any] = []
        while self._runs and self._runs[0].tp.topic == topic and len(self._left) + len(waiting) < MOST_TOGETHER:
            waiting += self._pop().records
        records = self._left + _source_records(_onward(waiting, self._onward_from(topic)))
        self._left, self._taken_of = [], topic
        return topic, records

    def _onward_from(self, topic: str) -> int:
        if self._left and self._left[0].topic == topic:
            return self._left[-1].offset + 1
        return self._next_offset[topic]

    def leave(self, records: list[SourceRecord]) -> None:
        """Keep what was taken and is not done for the next time."""
        self._left = records

    def changes(self, *told: tuple[bytes, bytes | None]) -> Changes | None:
        """Return what there is to tell the changelog, `told` after the state's; None without a changelog."""
        if self.stage.changelog is None or self.step.state is None:
            return None
        return Changes(self.stage.changelog, self.partition, [*self.step.state.drain_changes(), *told])

    def committed(self, topic: str, next_offset: int) -> None:
        """Learn that what was processed is visible to all, and from where to go on."""
        self._next_offset[topic] = next_offset
        self.step.committed()
        self.progressed(topic)
        self._taken_of = None

    async def restore(
        self, cluster: Cluster, names: Topics, group: str, progressed: Callable[[], None]
    ) -> tuple[int, dict[str, int]]:
        """Read the state back; return how many records there were, and the offsets that stand among them by topic.

        Args:
            cluster: How Kafka is reached.
            names: Gives topics their full names.
            group: Whose offsets count.
            progressed: Called whenever some records were read.
        """
        offsets: dict[str, int] = {}
        if self.stage.changelog is None or self.step.state is None:
            return 0, offsets
        state = self.step.state

        def take(records: list[Any]) -> None:
            progressed()
            state.restore(state_records(records))
            offsets.update(offsets_in(records, group))

        changelog = TopicPartition(names.named(self.stage.changelog), self.partition)
        return await read_partition(cluster, changelog, take), offsets

    async def start_from(self, cluster: Cluster, topic: str, next_offset: int, progressed: Callable[[], None]) -> int:
        """Learn where an input goes on, and read again what the step wants of before; return how many records."""
        self._next_offset[topic] = next_offset
        start = self.step.replay_from(topic)
        if start is None or start >= next_offset:
            return 0

        def take(records: list[Any]) -> None:
            progressed()
            self.step.replay(_source_records(records))

        tp = TopicPartition(topic, self.partition)
        return await read_partition(cluster, tp, take, start=start, end=next_offset)

    def progressed(self, topic: str) -> None:
        """Note that a topic stands where it should just now."""
        self.progress_s[topic] = time.monotonic()

    def close(self) -> None:
        """Drop what waits and let go of the state."""
        self._left = []
        while self._runs:
            self._pop()
        self.step.close()


def source_record(record: Any) -> SourceRecord:
    """Return an aiokafka record as the pipelines take it."""
    place = record.topic, record.partition, record.offset
    if not record.topic.endswith(REKEYED_SUFFIX):
        return SourceRecord(*place, record.key, record.value, record.timestamp)
    timestamp_ms = produced_at_ms(record.headers, record.timestamp)
    return SourceRecord(*place, record.key, record.value, timestamp_ms, matches_of(record.headers))


def _source_records(records: list[Any]) -> list[SourceRecord]:
    """Return aiokafka's records of one topic as the pipelines take them."""
    if not records or records[0].topic.endswith(REKEYED_SUFFIX):
        return [source_record(record) for record in records]
    return [SourceRecord(one.topic, one.partition, one.offset, one.key, one.value, one.timestamp) for one in records]


def _held_bytes(run: MicroBatch) -> int:
    return run.held_bytes + _RECORD_BYTES * len(run.records)


def _onward(records: list[Any], next_offset: int) -> list[Any]:
    """Return records without those that stood in an earlier batch or stand twice in this one."""
    offsets = [record.offset for record in records]
    if not offsets or (offsets[0] >= next_offset and all(map(lt, offsets, offsets[1:]))):
        return records
    # A seek after an assignment fetches again what a batch that waits here may hold already.
    onward = []
    for record in records:
        if record.offset >= next_offset:
            next_offset = record.offset + 1
            onward.append(record)
    return onward

"""Runs one stage on one partition number: fence, restore, then batch after batch."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from operator import lt
from typing import Any

from aiokafka.structs import TopicPartition

from stream.events.decode import Rejected, SourceRecord
from stream.events.match_reason import matches_of
from stream.events.produced_at import produced_at_ms
from stream.metrics import Metrics
from stream.pipelines.effects import MOST_TOGETHER, Effects, Outgoing
from stream.transport.changelog import read_partition
from stream.transport.cluster import Cluster
from stream.transport.dead_letters import DeadLetterLimit, dead_letter
from stream.transport.micro_batches import MicroBatch
from stream.transport.stage import Stage
from stream.transport.topics import REKEYED_SUFFIX, Topics
from stream.transport.transactions import Changes, TransactionalWriter

logger = logging.getLogger(__name__)

_WAITING_BATCHES = 8


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


class PartitionRunner:
    """Owns a stage's step, state and writer for one partition number."""

    def __init__(
        self,
        stage: Stage,
        partition: int,
        sources: Iterable[str],
        writer: TransactionalWriter,
        cluster: Cluster,
        names: Topics,
        metrics: Metrics,
        limit: DeadLetterLimit,
        committed_offset: Callable[[TopicPartition], Awaitable[int | None]],
        most_letter_bytes: int = 65_536,
    ) -> None:
        """Prepare; `run` does the work.

        Args:
            stage: What to do.
            partition: The partition number.
            sources: The stage's topics whose partition was assigned to this worker.
            writer: For this stage and partition number alone.
            cluster: How Kafka is reached.
            names: Gives topics their full names.
            metrics: Where progress is booked.
            limit: Stops the worker when too many records are unusable.
            committed_offset: Asks the group for a partition's committed offset.
            most_letter_bytes: Where a dead letter's value is cut.
        """
        self.stage = stage
        self.partition = partition
        self.sources = tuple(sources)
        self.last_progress_s = time.monotonic()
        self.busy = False
        self._writer = writer
        self._cluster = cluster
        self._names = names
        self._metrics = metrics
        self._limit = limit
        self._committed_offset = committed_offset
        self._most_letter_bytes = most_letter_bytes
        self._queue: asyncio.Queue[MicroBatch] = asyncio.Queue(_WAITING_BATCHES)
        self._held: MicroBatch | None = None
        self._next_offset: dict[str, int] = {}
        self.step = stage.make_step(partition)
        self._closed = False

    @property
    def waiting(self) -> bool:
        """Whether a batch is being processed or waits."""
        return self.busy or self._held is not None or not self._queue.empty()

    @property
    def restored(self) -> bool:
        """Whether the state is back."""
        return all(topic in self._next_offset for topic in self.sources)

    def next_offset(self, topic: str) -> int | None:
        """Return the first offset not yet processed, None before the start."""
        return self._next_offset.get(topic)

    async def submit(self, batch: MicroBatch) -> None:
        """Take a batch, waiting while the partition is behind; a closed runner drops it."""
        if not self._closed:
            await self._queue.put(batch)

    async def run(self) -> None:
        """Fence the former owner, restore, then process until cancelled."""
        await self._writer.start()
        await self._restore()
        await self.stage.before()
        while True:
            topic, records = await self._together()
            await self._take(topic, records)
            self.busy = False
            self.last_progress_s = time.monotonic()

    async def stop(self) -> None:
        """Let go of the partition without committing anything more."""
        self._closed = True
        self._held = None
        while not self._queue.empty():
            self._queue.get_nowait()
        await self._writer.stop()
        self.step.close()

    async def _restore(self) -> None:
        began = time.monotonic()
        count = 0
        if self.stage.changelog is not None and self.step.state is not None:
            state = self.step.state

            def take(records: list[Any]) -> None:
                self.last_progress_s = time.monotonic()
                state.restore([(record.key, record.value) for record in records])

            changelog = TopicPartition(self._names.named(self.stage.changelog), self.partition)
            count += await read_partition(self._cluster, changelog, take)
        for topic in self.sources:
            count += await self._restore_source(topic)
        took_s = time.monotonic() - began
        self._metrics.observe("foreshot_restore_seconds", [took_s], topic=self.sources[0])
        logger.info("%s/%d: restored from %d records in %.2f s", self.stage.name, self.partition, count, took_s)

    async def _restore_source(self, topic: str) -> int:
        # The former owner is fenced by now, so this offset is final.
        tp = TopicPartition(topic, self.partition)
        committed = await self._committed_offset(tp) or 0
        self._next_offset[topic] = committed
        start = self.step.replay_from(topic)
        if start is None or start >= committed:
            return 0

        def take(records: list[Any]) -> None:
            self.last_progress_s = time.monotonic()
            self.step.replay(_source_records(records))

        return await read_partition(self._cluster, tp, take, start=start, end=committed)

    async def _together(self) -> tuple[str, list[Any]]:
        batch = self._held or await self._queue.get()
        self.busy = True
        self._held = None
        topic, records = batch.tp.topic, list(batch.records)
        urgent = not self.stage.pace_s or self.step.urgent(records)
        while len(records) < MOST_TOGETHER and (following := await self._following(urgent=urgent)) is not None:
            if following.tp.topic != topic:
                self._held = following
                break
            records += following.records
            urgent = urgent or self.step.urgent(following.records)
        return topic, records

    async def _following(self, *, urgent: bool) -> MicroBatch | None:
        if not self._queue.empty():
            return self._queue.get_nowait()
        wait_s = self.last_progress_s + self.stage.pace_s - time.monotonic()
        if urgent or wait_s <= 0:
            return None
        try:
            async with asyncio.timeout(wait_s):
                return await self._queue.get()
        except TimeoutError:
            return None

    async def _take(self, topic: str, waiting: list[Any]) -> None:
        records = _source_records(_onward(waiting, self._next_offset[topic]))
        while records:
            records = records[await self._take_some(topic, records) :]

    async def _take_some(self, topic: str, records: list[SourceRecord]) -> int:
        began = time.monotonic()
        await self.step.prepare(records)
        process = self.step.process
        effects = await asyncio.to_thread(process, records) if self.stage.in_thread else process(records)
        taken = len(records) if effects.taken is None else effects.taken
        held = taken if effects.held is None else effects.held
        self._limit.take(held, _count_of_these(effects.rejected, records[:taken]), topic)
        processed = time.monotonic()
        next_offset = records[taken - 1].offset + 1
        source = TopicPartition(topic, self.partition)
        await self._writer.commit(self._outgoing(effects), self._changes(), source, next_offset)
        self._next_offset[topic] = next_offset
        self.step.committed()
        self._book(effects, processed - began, time.monotonic() - processed)
        return taken

    def _outgoing(self, effects: Effects) -> list[Outgoing]:
        return [*effects.outgoing, *(dead_letter(one, self._most_letter_bytes) for one in effects.rejected)]

    def _changes(self) -> Changes | None:
        if self.stage.changelog is None or self.step.state is None:
            return None
        return Changes(self.stage.changelog, self.partition, self.step.state.drain_changes())

    def _book(self, effects: Effects, process_s: float, commit_s: float) -> None:
        stage = self.stage.name
        self._metrics.observe("foreshot_stage_seconds", [process_s], stage=stage, step="process")
        self._metrics.observe("foreshot_stage_seconds", [commit_s], stage=stage, step="commit")
        for rejected in effects.rejected:
            self._metrics.count("foreshot_dead_letters", topic=rejected.record.topic, reason=rejected.reason)
        if self.step.state is not None:
            # One state for all of the stage's topics: booked once, so that sums are right.
            where = {"topic": self.sources[0], "partition": str(self.partition)}
            self._metrics.gauge("foreshot_state_bytes", self.step.state.size_bytes(), **where)


def _onward(records: list[Any], next_offset: int) -> list[Any]:
    """Return records without those that stood in an earlier batch or stand twice in this one."""
    offsets = [record.offset for record in records]
    if offsets[0] >= next_offset and all(map(lt, offsets, offsets[1:])):
        return records
    # A seek after an assignment fetches again what a batch that waits here may hold already.
    onward = []
    for record in records:
        if record.offset >= next_offset:
            next_offset = record.offset + 1
            onward.append(record)
    return onward


def _count_of_these(rejected: Iterable[Rejected], records: list[SourceRecord]) -> int:
    # A label that waited for its event in vain says nothing of the records at hand.
    first, last = records[0], records[-1]
    return sum(one.record.topic == first.topic and first.offset <= one.record.offset <= last.offset for one in rejected)

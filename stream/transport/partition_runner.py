"""Runs the stages of one partition number: fence, restore, then transaction after transaction."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from aiokafka.structs import TopicPartition

from stream.errors import ForeshotError
from stream.events.decode import Rejected, SourceRecord
from stream.metrics import Metrics
from stream.pipelines.effects import Effects, Outgoing
from stream.transport.changelog import end_of, offset_record
from stream.transport.cluster import Cluster
from stream.transport.dead_letters import dead_letter
from stream.transport.micro_batches import MicroBatch
from stream.transport.partition_stage import PartitionStage
from stream.transport.topics import Topics
from stream.transport.transactions import TransactionalWriter

logger = logging.getLogger(__name__)

# How old the group's offsets may be while a partition is behind, and how long while it has nothing to do.
_TELL_S = 1.0
_OWED_S = 0.05


@dataclass(frozen=True, slots=True)
class _Done:
    """What one stage did of a transaction."""

    part: PartitionStage
    effects: Effects
    topic: str
    next_offset: int
    process_s: float


class PartitionRunner:
    """Owns the stages that share a partition number's transactions, and the writer of these."""

    def __init__(
        self,
        parts: Sequence[PartitionStage],
        writer: TransactionalWriter,
        cluster: Cluster,
        names: Topics,
        metrics: Metrics,
        committed_offset: Callable[[TopicPartition], Awaitable[int | None]],
        group: str,
        most_letter_bytes: int = 65_536,
    ) -> None:
        """Prepare; `run` does the work.

        Args:
            parts: The stages in the order in which events pass them; all of one pace.
            writer: For this partition number and these stages alone.
            cluster: How Kafka is reached.
            names: Gives topics their full names.
            metrics: Where progress is booked.
            committed_offset: Asks the group for a partition's committed offset.
            group: The consumer group.
            most_letter_bytes: Where a dead letter's value is cut.
        """
        self.parts = tuple(parts)
        self._pace_s = self.parts[0].stage.pace_s
        self._writer = writer
        self._cluster = cluster
        self._names = names
        self._metrics = metrics
        self._committed_offset = committed_offset
        self._group = group
        self._most_letter_bytes = most_letter_bytes
        self._arrived = asyncio.Event()
        self._ended_s = time.monotonic()
        self._closed = False
        # Offsets that changelogs tell and the group does not know yet.
        self._owed: dict[TopicPartition, int] = {}
        self._told_s = 0.0

    def submit(self, part: PartitionStage, run: MicroBatch) -> None:
        """Take a run for one of the stages; a closed runner drops it."""
        if not self._closed:
            part.submit(run)
            self._arrived.set()

    async def run(self) -> None:
        """Fence the former owner, restore, then process until cancelled."""
        await self._writer.start()
        await self._restore()
        await asyncio.gather(*(part.stage.before() for part in self.parts))
        while True:
            # Who finds work at once is behind, and saves what can be saved.
            behind = self._has_work()
            await self._work_or_company()
            await self._commit([await self._process(part) for part in self.parts if part.has_work()], behind=behind)
            self._ended_s = time.monotonic()

    async def _restore(self) -> None:
        began, counts, told = time.monotonic(), Counter[str](), dict[str, int]()
        for part in self.parts:
            count, offsets = await part.restore(self._cluster, self._names, self._group, self._progressed)
            counts[part.stage.name] += count
            told |= offsets
        for part in self.parts:
            for topic in part.sources:
                next_offset = await self._next_offset(TopicPartition(topic, part.partition), told.get(topic, 0))
                counts[part.stage.name] += await part.start_from(self._cluster, topic, next_offset, self._progressed)
        self._progressed()
        took_s = time.monotonic() - began
        self._metrics.observe("foreshot_restore_seconds", [took_s], topic=self.parts[0].sources[0])
        for part in self.parts:
            count = counts[part.stage.name]
            logger.info("%s/%d: restored from %d records", part.stage.name, part.partition, count)

    def _progressed(self) -> None:
        """Note progress of all stages: one that waits until another's state is back does not stand still."""
        for part in self.parts:
            for topic in part.sources:
                part.progressed(topic)

    async def _next_offset(self, tp: TopicPartition, told: int) -> int:
        # The former owner is fenced by now, so both are final.
        committed = await self._committed_offset(tp) or 0
        if told <= committed:
            return committed
        if told > (end := await end_of(self._cluster, tp)):
            raise ForeshotError(
                f"{tp.topic}/{tp.partition} ends at offset {end} and was processed up to {told}: was the topic made "
                "anew? Replay into new internal topics (set another topic prefix)"
            )
        logger.info("%s/%d: goes on at offset %d, of which the group knows %d", tp.topic, tp.partition, told, committed)
        self._owed[tp] = told
        return told

    async def stop(self) -> None:
        """Let go of the partition without committing anything more."""
        self._closed = True
        await self._writer.stop()
        for part in self.parts:
            part.close()

    def _has_work(self) -> bool:
        return any(part.has_work() for part in self.parts)

    async def _work_or_company(self) -> None:
        """Wait for work, and where nobody waits for it for as much more as comes within the pace."""
        while not self._has_work():
            if not await self._arrives(_OWED_S if self._owed else None):
                await self._writer.commit([], [], self._owed)
                self._owed = {}
        while (wait_s := self._ended_s + self._pace_s - time.monotonic()) > 0 and not self._is_urgent():
            await self._arrives(wait_s)

    async def _arrives(self, wait_s: float | None) -> bool:
        self._arrived.clear()
        try:
            async with asyncio.timeout(wait_s):
                return await self._arrived.wait()
        except TimeoutError:
            return False

    def _is_urgent(self) -> bool:
        return any(part.is_urgent() for part in self.parts)

    async def _process(self, part: PartitionStage) -> _Done:
        topic, records = part.take()
        began = time.monotonic()
        await part.step.prepare(records)
        process = part.step.process
        effects = await asyncio.to_thread(process, records) if part.stage.in_thread else process(records)
        taken = len(records) if effects.taken is None else effects.taken
        held = taken if effects.held is None else effects.held
        part.limit.take(held, _count_of_these(effects.rejected, records[:taken]), topic)
        part.leave(records[taken:])
        return _Done(part, effects, topic, records[taken - 1].offset + 1, time.monotonic() - began)

    async def _commit(self, done: list[_Done], *, behind: bool) -> None:
        began = time.monotonic()
        outgoing = [one for each in done for one in self._outgoing(each.effects)]
        offsets = {TopicPartition(each.topic, each.part.partition): each.next_offset for each in done}
        thrifty = behind and began < self._told_s + _TELL_S and all(each.part.remembers for each in done)
        if thrifty:
            changes = [each.part.changes(offset_record(self._group, each.topic, each.next_offset)) for each in done]
            self._owed |= offsets
        else:
            changes = [each.part.changes() for each in done]
            offsets, self._owed, self._told_s = self._owed | offsets, {}, began
        await self._writer.commit(outgoing, [one for one in changes if one is not None], {} if thrifty else offsets)
        commit_s = time.monotonic() - began
        for each in done:
            each.part.committed(each.topic, each.next_offset)
            self._book(each, commit_s)

    def _outgoing(self, effects: Effects) -> list[Outgoing]:
        return [*effects.outgoing, *(dead_letter(one, self._most_letter_bytes) for one in effects.rejected)]

    def _book(self, done: _Done, commit_s: float) -> None:
        part = done.part
        self._metrics.observe("foreshot_stage_seconds", [done.process_s], stage=part.stage.name, step="process")
        self._metrics.observe("foreshot_stage_seconds", [commit_s], stage=part.stage.name, step="commit")
        for rejected in done.effects.rejected:
            self._metrics.count("foreshot_dead_letters", topic=rejected.record.topic, reason=rejected.reason)
        if part.step.state is not None:
            # One state for all of the stage's topics: booked once, so that sums are right.
            where = {"topic": part.sources[0], "partition": str(part.partition)}
            self._metrics.gauge("foreshot_state_bytes", part.step.state.size_bytes(), **where)


def _count_of_these(rejected: Iterable[Rejected], records: list[SourceRecord]) -> int:
    # A label that waited for its event in vain says nothing of the records at hand.
    first, last = records[0], records[-1]
    return sum(one.record.topic == first.topic and first.offset <= one.record.offset <= last.offset for one in rejected)

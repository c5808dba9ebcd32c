"""A Faust transport that hands a stream runs of records instead of single messages.

Faust's own loop costs about 110 µs an event; one message per run of up to 512 records
of a partition brings it to a few. Offsets move inside this project's transactions, so
Faust commits nothing for these topics.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import aiokafka
import faust
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, Message
from faust.types.transports import ConsumerT

from stream.transport.assignor import CoPartitionAssignor
from stream.transport.cluster import Cluster

_LOOK_AGAIN_S = 0.01
# Queues that were full hold work for longer, and what is fetched for several at once goes into fewer transactions.
_ROOM_S = 0.05
# Some runs wait for each partition, and a record may hold many events or a long document.
_MOST_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """A run of records of one partition.

    Attributes:
        tp: Where the records come from.
        generation: The group's generation they were fetched in; a run from an
            earlier generation must not be processed.
        records: aiokafka's records, in offset order.
        held_bytes: Of their values.
    """

    tp: TP
    generation: int
    records: list[Any]
    held_bytes: int = 0


def runs_of(records: list[Any], most_records: int, most_bytes: int = _MOST_BYTES) -> Iterator[tuple[list[Any], int]]:
    """Yield records in runs of so many or fewer, each ended by the record with which it reaches so many bytes.

    The number beside each run is that of its values' bytes.
    """
    first = held_bytes = 0
    for at, record in enumerate(records):
        held_bytes += len(record.value or b"")
        if at + 1 - first == most_records or held_bytes >= most_bytes:
            yield records[first : at + 1], held_bytes
            first, held_bytes = at + 1, 0
    if first < len(records):
        yield records[first:], held_bytes


class MicroBatchSchema(faust.Schema):
    """Passes a run of records through as it is: decoding is the pipelines' work."""

    def loads_key(self, app: Any, message: Message, **_: Any) -> None:
        """Return nothing: a run has no one key."""

    def loads_value(self, app: Any, message: Message, **_: Any) -> Any:  # noqa: ARG002 - Faust's signature
        """Return the run of records."""
        return message.value


class MicroBatchConsumerThread(driver.AIOKafkaConsumerThread):
    """Reads committed records only, and assigns equal partition numbers to one worker."""

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        conf = self.app.conf
        self._assignor = CoPartitionAssignor
        return aiokafka.AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            **cast("MicroBatchTransport", transport).cluster.options(),
            partition_assignment_strategy=[CoPartitionAssignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=conf.broker_max_poll_records,
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=cast("MicroBatchTransport", transport).fetch_wait_ms,
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            isolation_level="read_committed",
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
        )

    async def committed(self, tp: TP) -> int | None:
        """Return the group's committed offset of a partition, None where there is none."""
        return cast("int | None", await self.call_thread(self._ensure_consumer().committed, tp))

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek every partition to the group's offset, which what is processed already may be ahead of."""
        return cast("Mapping[TP, int]", await self.call_thread(self._seek_all))

    async def _seek_all(self) -> Mapping[TP, int | None]:
        consumer = self._ensure_consumer()
        committed = await consumer.seek_to_committed()
        # aiokafka leaves a partition without a commit wherever it stands.
        fresh = [tp for tp, offset in committed.items() if not offset]
        if fresh:
            await consumer.seek_to_beginning(*fresh)
        return cast("Mapping[TP, int | None]", committed)

    def position_of(self, tp: TP) -> int | None:
        """Return the next offset to fetch from a partition, None where that is not settled."""
        consumer = self._ensure_consumer()
        state = consumer._subscription.subscription.assignment.state_value(tp)  # noqa: SLF001 - position() would block
        return state.position if state is not None and state.has_valid_position else None


class MicroBatchConsumer(driver.Consumer):
    """Yields one message per run of records of one partition."""

    _thread: MicroBatchConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start with no fetch under way, and no generation of the group whose partitions were sought."""
        super().__init__(*args, **kwargs)
        self._no_fetch = asyncio.Event()
        self._no_fetch.set()
        self._has_room = asyncio.Event()
        self._on_hold: set[TP] = set()
        self._seeks = 0
        self._sought: int | None = None

    def _new_consumer_thread(self) -> MicroBatchConsumerThread:
        return MicroBatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109 - Faust's signature
        """Fetch, and yield a message per run of at most `micro_batch_records`."""
        if not self.flow_active:
            await self.wait(cast("Any", self.can_resume_flow))
        generation, seeks = self.app.consumer_generation_id, self._seeks
        if self._sought != generation:
            # Faust lets the flow go on before it seeks. What was fetched from where a former
            # assignment stood would overtake the records from the committed offset on.
            await asyncio.sleep(_LOOK_AGAIN_S)
            return
        # One that was full when it was taken away stays among the full ones.
        some_full = not self._buffered_partitions.isdisjoint(self.assignment())
        if some_full and not self._get_active_partitions():
            await self._wait_for_room(timeout)
            return
        self._no_fetch.clear()
        try:
            # What is full is not asked for: it may have room long before another partition has anything.
            records, active = await self._wait_next_records(_ROOM_S if some_full else timeout)
        except KafkaError as error:
            # Faust would end the worker with a page of its own.
            cast("MicroBatchTransport", self.transport).tell(error)
            raise
        finally:
            self._no_fetch.set()
        if records is None or self.should_stop or not self._still(generation, seeks):
            return
        size = cast("MicroBatchTransport", self.transport).micro_batch_records
        for tp, run in records.items():
            if active is not None and tp not in active and tp not in self._buffered_partitions:
                continue
            # After an assignment Faust's read offset is the next one to read.
            first = self._read_offset.get(tp)
            kept = [record for record in run if first is None or record.offset >= first]
            for chunk, held_bytes in runs_of(kept, size):
                if not self._still(generation, seeks):
                    return
                # One below the run's last offset, or Faust would book a gap.
                self._read_offset[tp] = chunk[-1].offset - 1
                yield tp, self._run_message(tp, MicroBatch(tp, generation, chunk, held_bytes))

    async def _wait_for_room(self, timeout_s: float) -> None:
        """Wait until queues take something again; Faust would sleep for a second while all of them run empty."""
        self._has_room.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._has_room.wait()
                await asyncio.sleep(_ROOM_S)

    def hold(self, tp: TP) -> None:
        """Fetch no more from a partition that has enough waiting, until it is released."""
        self._on_hold.add(tp)
        self.on_buffer_full(tp)

    def release(self, tp: TP) -> None:
        """Fetch again from a partition."""
        self._on_hold.discard(tp)
        self.on_buffer_drop(tp)

    def on_buffer_drop(self, tp: TP) -> None:
        """Fetch again from a partition whose queue in Faust has room, unless it is on hold."""
        if tp not in self._on_hold:
            super().on_buffer_drop(tp)
            self._has_room.set()

    def _still(self, generation: int, seeks: int) -> bool:
        return self.flow_active and self._seeks == seeks and bool(self.app.consumer_generation_id == generation)

    async def perform_seek(self) -> None:
        """Seek all partitions to their committed offsets, once no fetch is under way.

        A fetch that began before a rebalance moves the new assignment's position and its
        records are dropped: after the seek they would be lost.
        """
        self._seeks += 1
        self._sought = None
        generation = self.app.consumer_generation_id
        await self._no_fetch.wait()
        await super().perform_seek()
        self._sought = generation

    def _run_message(self, tp: TP, batch: MicroBatch) -> Message:
        message = cast("Any", self._to_message(tp, batch.records[-1]))
        message.value = batch
        return cast("Message", message)

    def _new_offset(self, tp: TP) -> int | None:  # noqa: ARG002 - Faust's signature
        # Offsets move in this project's transactions; Faust must never commit one.
        return None

    async def committed(self, tp: TP) -> int | None:
        """Return the group's committed offset of a partition."""
        return await self._thread.committed(tp)

    def position_of(self, tp: TP) -> int | None:
        """Return the next offset to fetch from a partition, None where that is not settled."""
        return self._thread.position_of(tp)


class MicroBatchTransport(driver.Transport):
    """Faust's aiokafka transport with runs of records."""

    Consumer = MicroBatchConsumer
    micro_batch_records = 512
    fetch_wait_ms = 10
    cluster: Cluster

    @staticmethod
    def tell(error: BaseException) -> None:
        """Hear what ends the consumer; the worker puts its own in place."""

    def create_consumer(self, callback: Any, **kwargs: Any) -> ConsumerT:
        """Make the worker's one consumer."""
        return self.Consumer(self, callback=callback, **kwargs)

"""Follows `line-weights` from its first record: every worker knows every line's weights."""

import asyncio
import logging
from collections.abc import Callable

import aiokafka
from aiokafka.structs import TopicPartition

from stream.scoring.signature import Headers
from stream.transport.cluster import Cluster

logger = logging.getLogger(__name__)

Listener = Callable[[bytes, bytes | None], None]
Guard = Callable[[bytes | None, bytes | None, Headers], bool]


class WeightsTopic:
    """Hands each record of the weights topic to its listeners, in order, without end."""

    def __init__(self, cluster: Cluster, topic: str, admits: Guard) -> None:
        """Prepare to follow `topic` (its full name, one partition); only what `admits` lets through is handed on."""
        self._admits = admits
        self._cluster = cluster
        self._tp = TopicPartition(topic, 0)
        self._listeners: list[Listener] = []
        self._position = 0
        self._moved = asyncio.Condition()
        # Reads ends alone, those of open transactions too: what an activation names was
        # written before it could be read, but may not be seen as committed yet.
        self._ends: aiokafka.AIOKafkaConsumer | None = None

    def listen(self, listener: Listener) -> None:
        """Add a listener; it must be added before `follow` starts."""
        self._listeners.append(listener)

    async def caught_up(self) -> None:
        """Wait until all that had been written when this was called was handed on."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._ends is not None)
        assert self._ends is not None  # noqa: S101 - waited for
        end = (await self._ends.end_offsets([self._tp]))[self._tp]
        async with self._moved:
            await self._moved.wait_for(lambda: self._position >= end)

    async def follow(self) -> None:
        """Read until cancelled."""
        consumer, ends = self._consumer("read_committed"), self._consumer("read_uncommitted")
        await asyncio.gather(consumer.start(), ends.start())
        try:
            consumer.assign([self._tp])
            await consumer.seek_to_beginning(self._tp)
            self._ends = ends
            while True:
                for run in (await consumer.getmany(self._tp, timeout_ms=100)).values():
                    for record in run:
                        if self._admits(record.key, record.value, record.headers):
                            self._hand_on(record.key, record.value)
                position = await consumer.position(self._tp)
                async with self._moved:
                    self._position = position
                    self._moved.notify_all()
        finally:
            await asyncio.gather(consumer.stop(), ends.stop())

    def _consumer(self, isolation: str) -> aiokafka.AIOKafkaConsumer:
        return aiokafka.AIOKafkaConsumer(
            **self._cluster.options(),
            isolation_level=isolation,
            enable_auto_commit=False,
            max_partition_fetch_bytes=16 << 20,
            fetch_max_wait_ms=10,
        )

    def _hand_on(self, key: bytes, value: bytes | None) -> None:
        for listener in self._listeners:
            listener(key, value)

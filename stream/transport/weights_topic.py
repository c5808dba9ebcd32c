"""Follows `line-weights` from its first record: every worker knows every line's weights."""

import asyncio
import logging
from collections.abc import Callable

import aiokafka
from aiokafka.structs import TopicPartition

logger = logging.getLogger(__name__)

Listener = Callable[[bytes, bytes | None], None]


class WeightsTopic:
    """Hands each record of the weights topic to its listeners, in order, without end."""

    def __init__(self, bootstrap_servers: str, topic: str) -> None:
        """Prepare to follow `topic` (its full name, one partition)."""
        self._bootstrap_servers = bootstrap_servers
        self._tp = TopicPartition(topic, 0)
        self._listeners: list[Listener] = []
        self._loaded = asyncio.Event()

    def listen(self, listener: Listener) -> None:
        """Add a listener; it must be added before `follow` starts."""
        self._listeners.append(listener)

    async def loaded(self) -> None:
        """Wait until all that was there at the start was handed on."""
        await self._loaded.wait()

    async def follow(self) -> None:
        """Read until cancelled."""
        consumer = aiokafka.AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap_servers.split(","),
            isolation_level="read_committed",
            enable_auto_commit=False,
            max_partition_fetch_bytes=16 << 20,
            fetch_max_wait_ms=10,
        )
        await consumer.start()
        try:
            consumer.assign([self._tp])
            await consumer.seek_to_beginning(self._tp)
            end = (await consumer.end_offsets([self._tp]))[self._tp]
            while True:
                if not self._loaded.is_set() and await consumer.position(self._tp) >= end:
                    self._loaded.set()
                for run in (await consumer.getmany(self._tp, timeout_ms=100)).values():
                    for record in run:
                        self._hand_on(record.key, record.value)
        finally:
            await consumer.stop()

    def _hand_on(self, key: bytes, value: bytes | None) -> None:
        for listener in self._listeners:
            listener(key, value)

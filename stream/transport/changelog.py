"""Reads a partition of a topic to its stable end: how state comes back after an assignment."""

from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiokafka
from aiokafka.structs import TopicPartition

from stream.transport.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_POLL_MS = 500


@asynccontextmanager
async def _reader(cluster: Cluster) -> "AsyncIterator[aiokafka.AIOKafkaConsumer]":
    consumer = aiokafka.AIOKafkaConsumer(
        **cluster.options(),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=8 << 20,
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def read_partition(
    cluster: Cluster,
    tp: TopicPartition,
    take: Callable[[list[Any]], None],
    *,
    start: int = 0,
    end: int | None = None,
) -> int:
    """Hand all committed records of a partition to `take`, in order, in runs.

    Args:
        cluster: How Kafka is reached.
        tp: The partition.
        take: Receives runs of aiokafka records.
        start: First offset to read; older ones that are gone are passed over.
        end: First offset not to read; None is the stable end at the time of the call.

    Returns:
        How many records were read.
    """
    count = 0
    async with _reader(cluster) as consumer:
        consumer.assign([tp])
        stable_end = (await consumer.end_offsets([tp]))[tp]
        stop = stable_end if end is None else min(end, stable_end)
        begin = max(start, (await consumer.beginning_offsets([tp]))[tp])
        if begin >= stop:
            return 0
        consumer.seek(tp, begin)
        while await consumer.position(tp) < stop:
            for run in (await consumer.getmany(tp, timeout_ms=_POLL_MS)).values():
                kept = [record for record in run if record.offset < stop]
                count += len(kept)
                take(kept)
    return count

"""Changelogs: what a partition's stages remember and how far they have come, and how it comes back.

Beside the state's own records a changelog holds, under a group's and a topic's name, the first
offset of that topic that the group has not yet processed. It is written in the transaction of
what it tells of, for the price of a record; moving the group's offset takes the broker two answers.
"""

from collections.abc import Callable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiokafka
from aiokafka.structs import TopicPartition

from stream.errors import ForeshotError
from stream.transport.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_POLL_MS = 500
_OFFSET_PREFIX = b"\xff\0next-offset\0"


def offset_record(group: str, topic: str, next_offset: int) -> tuple[bytes, bytes | None]:
    """Return the record that says how far a group has processed a topic's partition."""
    return _prefix_of(group) + topic.encode(), str(next_offset).encode()


def _prefix_of(group: str) -> bytes:
    return _OFFSET_PREFIX + group.encode() + b"\0"


def state_records(run: Iterable[Any]) -> list[tuple[bytes, bytes | None]]:
    """Return keys and values of a changelog's records of state."""
    return [(one.key, one.value) for one in run if not one.key.startswith(_OFFSET_PREFIX)]


def offsets_in(run: Iterable[Any], group: str) -> dict[str, int]:
    """Return the offsets that a changelog's records tell of a group, by topic.

    Raises:
        ForeshotError: One is no number; only another program can have written that.
    """
    prefix = _prefix_of(group)
    told: dict[str, int] = {}
    for one in run:
        if one.key.startswith(prefix):
            topic = one.key[len(prefix) :].decode(errors="backslashreplace")
            if not (one.value or b"").isdigit():
                raise ForeshotError(
                    f"{one.topic}/{one.partition} does not say how far {topic} is; replay into new "
                    "internal topics (set another topic prefix)"
                )
            told[topic] = int(one.value)
    return told


async def end_of(cluster: Cluster, tp: TopicPartition) -> int:
    """Return a partition's stable end."""
    async with _reader(cluster) as consumer:
        return int((await consumer.end_offsets([tp]))[tp])


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

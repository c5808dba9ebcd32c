"""One Kafka transaction per micro-batch: outputs, state changes and offsets together.

The transactional id names the input partition, so a new owner of the partition fences
the old one: whatever the old one had not committed is undone before the new one reads.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiokafka
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from stream.pipelines.effects import Outgoing
from stream.placement import partitions_of
from stream.transport.cluster import Cluster
from stream.transport.topics import Topics

_BATCH_BYTES = 1 << 20
_REQUEST_BYTES = 8 << 20
# The broker asks its coordinator about a transaction's first records, and says "not yet" while that one is at work.
_AGAIN_MS = 20
_NO_HEADERS: list[tuple[str, bytes]] = []

_Row = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]
"""A record's key, value and headers."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a partition's state tells its changelog.

    Attributes:
        changelog: The topic's name without the installation's prefix.
        partition: The state's.
        records: Keys and values, None for what is no more.
    """

    changelog: str
    partition: int
    records: list[tuple[bytes, bytes | None]]


class TransactionalWriter:
    """Writes the effects of one input partition's micro-batches, exactly once."""

    def __init__(
        self, cluster: Cluster, transactional_id: str, group: str, names: Topics, timeout_s: float = 60.0
    ) -> None:
        """Prepare a writer; `start` connects it.

        Args:
            cluster: How Kafka is reached.
            transactional_id: Unique to the input partition within the cluster.
            group: Consumer group whose offsets move with the outputs.
            names: Gives the outputs' topics their full names.
            timeout_s: After which the broker aborts a transaction left open.
        """
        self._group = group
        self._names = names
        self._producer = aiokafka.AIOKafkaProducer(
            **cluster.options(),
            transactional_id=transactional_id,
            transaction_timeout_ms=int(timeout_s * 1000),
            max_batch_size=_BATCH_BYTES,
            max_request_size=_REQUEST_BYTES,
            linger_ms=0,
            retry_backoff_ms=_AGAIN_MS,
        )

    async def start(self) -> None:
        """Connect and fence whoever wrote for this partition before."""
        await self._producer.start()

    async def commit(
        self, outgoing: Sequence[Outgoing], changes: Sequence[Changes], offsets: Mapping[TopicPartition, int]
    ) -> None:
        """Write all of `outgoing` and `changes` and move the group's offsets, or do nothing.

        Args:
            outgoing: Records to write.
            changes: Of states, one of each changelog.
            offsets: The first offset of each input partition that is not yet processed, topics' names in full;
                empty where `changes` tell them.
        """
        producer = self._producer
        await producer.begin_transaction()
        rows: dict[TopicPartition, Iterable[_Row]] = {
            tp: ((one.key, one.value, list(one.headers) if one.headers else _NO_HEADERS) for one in records)
            for tp, records in (await self._placed(outgoing)).items()
        }
        for one in changes:
            if one.records:
                changelog = TopicPartition(self._names.named(one.changelog), one.partition)
                rows[changelog] = ((key, value, _NO_HEADERS) for key, value in one.records)
        if futures := [future for tp in rows for future in await self._send(tp, rows[tp])]:
            await asyncio.gather(*futures)
        if offsets:
            moved = {source: OffsetAndMetadata(offset, "") for source, offset in offsets.items()}
            await producer.send_offsets_to_transaction(moved, self._group)
        await producer.commit_transaction()

    async def stop(self) -> None:
        """Disconnect; a transaction left open is aborted by the next owner's start."""
        with_open = self._producer._txn_manager  # noqa: SLF001 - aiokafka shows its state nowhere else
        if with_open is not None and with_open.is_in_transaction():
            # Stopping would wait for the open batches; dropping the connection does not.
            self._producer._closed = True  # noqa: SLF001 - as stop() itself does
            await self._producer._sender.close()  # noqa: SLF001 - as stop() itself does
            await self._producer.client.close()
            return
        await self._producer.stop()

    async def _placed(self, outgoing: Sequence[Outgoing]) -> dict[TopicPartition, list[Outgoing]]:
        by_topic: dict[str, list[Outgoing]] = defaultdict(list)
        for record in outgoing:
            by_topic[record.topic].append(record)
        placed: dict[TopicPartition, list[Outgoing]] = {}
        for short, records in by_topic.items():
            topic = self._names.named(short)
            for partition, own in _by_partition(records, len(await self._producer.partitions_for(topic))).items():
                placed[TopicPartition(topic, partition)] = own
        return placed

    async def _send(self, tp: TopicPartition, rows: Iterable[_Row]) -> list[asyncio.Future[Any]]:
        futures = []
        batch = self._producer.create_batch()
        for key, value, headers in rows:
            if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                futures.append(await self._producer.send_batch(batch, tp.topic, partition=tp.partition))
                batch = self._producer.create_batch()
                batch.append(timestamp=None, key=key, value=value, headers=headers)
        futures.append(await self._producer.send_batch(batch, tp.topic, partition=tp.partition))
        return futures


def _by_partition(records: list[Outgoing], partitions: int) -> dict[int, list[Outgoing]]:
    """Return a topic's records by where they go, in order."""
    chosen = {record.partition for record in records}
    if len(chosen) == 1 and None not in chosen:
        # All of it is placed already: hashing keys would say nothing.
        return {partition: records for partition in chosen if partition is not None}
    placed: dict[int, list[Outgoing]] = defaultdict(list)
    hashed = partitions_of([record.key or b"" for record in records], partitions).tolist()
    for record, partition in zip(records, hashed, strict=True):
        placed[partition if record.partition is None else record.partition].append(record)
    return placed

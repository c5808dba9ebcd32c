"""aiokafka: bytes in, the same bytes out in transactions, as little as exactly once can cost in Python."""

import asyncio
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

servers, source, target, group, _ = sys.argv[1:]
MOST_TOGETHER = 2_048


async def copy(producer, tp, records):
    await producer.begin_transaction()
    batch = producer.create_batch()
    sent = []
    for record in records:
        if batch.append(key=record.key, value=record.value, timestamp=None) is None:
            sent.append(await producer.send_batch(batch, target, partition=tp.partition))
            batch = producer.create_batch()
            batch.append(key=record.key, value=record.value, timestamp=None)
    sent.append(await producer.send_batch(batch, target, partition=tp.partition))
    await asyncio.gather(*sent)
    await producer.send_offsets_to_transaction({tp: records[-1].offset + 1}, group)
    await producer.commit_transaction()


async def main():
    consumer = AIOKafkaConsumer(
        source,
        bootstrap_servers=servers,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        session_timeout_ms=60_000,
        max_poll_records=4 * MOST_TOGETHER,
    )
    await consumer.start()
    producers = {}
    while True:
        runs = await consumer.getmany(timeout_ms=100, max_records=4 * MOST_TOGETHER)
        for tp in runs:
            if tp not in producers:
                producers[tp] = AIOKafkaProducer(
                    bootstrap_servers=servers, transactional_id=f"{group}-{tp.partition}", max_batch_size=1 << 20
                )
                await producers[tp].start()
        await asyncio.gather(*(copy(producers[tp], tp, records) for tp, records in runs.items()))


asyncio.run(main())

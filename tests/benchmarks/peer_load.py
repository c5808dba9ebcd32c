"""What every program of `make bench-peers` reads: payments of about 300 bytes of JSON, drawn from a seed."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
from aiokafka import AIOKafkaProducer
from kafka.admin import NewTopic

from stream.placement import partitions_of
from stream.transport.clients import connect_admin

TOPIC = "payments"
START = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = 10.0
FRAUD_SHARE = 0.02
_BATCH_BYTES = 1 << 20


@dataclass(frozen=True)
class Load:
    events: int
    subjects: int = 10_000
    lines: int = 1
    partitions: int = 4

    def line_names(self):
        return [f"bench-{number:04d}" for number in range(self.lines)]


def event_id(number):
    return f"payment-{number:010d}"


@lru_cache(1)
def payments(load):
    """Return each payment's key, its JSON and whether it is a fraud, in event-time order."""
    return list(_draw(load))


def _draw(load):
    chance = np.random.default_rng(0)
    card = chance.integers(0, load.subjects, load.events).tolist()
    merchant = chance.integers(0, max(load.subjects // 5, 1), load.events).tolist()
    line = chance.integers(0, load.lines, load.events).tolist()
    fraud = chance.random(load.events) < FRAUD_SHARE
    amount = np.round(chance.lognormal(3, 1, load.events) * np.where(fraud, 8.0, 1.0), 2).tolist()
    seconds = np.sort(chance.uniform(0, DAYS * 86_400, load.events)).tolist()
    latitude, longitude = (np.round(chance.normal(at, 1, load.events), 4).tolist() for at in (46.6, 2.4))
    names = load.line_names()
    for at in range(load.events):
        time = (START + timedelta(seconds=seconds[at])).isoformat(timespec="milliseconds")
        key = f"card-{card[at]:08d}"
        value = (
            f'{{"id":"{event_id(at)}","product":"{names[line[at]]}","time":"{time}","card":"{key}",'
            f'"merchant":"merchant-{merchant[at]:07d}","amount":{amount[at]},"currency":"EUR",'
            f'"device":"device-{card[at] % 997:06d}","country":"FR","latitude":{latitude[at]},'
            f'"longitude":{longitude[at]},"reference":"invoice {at % 9973:04d} of the month, thank you"}}'
        )
        yield key.encode(), value.encode(), bool(fraud[at])


def make_topic(cluster, topic, partitions):
    admin = connect_admin(cluster)
    admin.create_topics([NewTopic(topic, partitions, 1)])
    admin.close()


def write_payments(cluster, topic, load, first, last):
    """Write some of the load's payments, each to its card's partition."""
    asyncio.run(_write(cluster, topic, load.partitions, payments(load)[first:last]))


async def _write(cluster, topic, partitions, records):
    placed = partitions_of([key for key, *_ in records], partitions).tolist()
    async with AIOKafkaProducer(**cluster.options(), max_batch_size=_BATCH_BYTES) as producer:
        filling, sent = [producer.create_batch() for _ in range(partitions)], []
        for (key, value, _), partition in zip(records, placed, strict=True):
            if filling[partition].append(key=key, value=value, timestamp=None) is None:
                sent.append(await producer.send_batch(filling[partition], topic, partition=partition))
                filling[partition] = producer.create_batch()
                filling[partition].append(key=key, value=value, timestamp=None)
        for partition, batch in enumerate(filling):
            sent.append(await producer.send_batch(batch, topic, partition=partition))
        await asyncio.gather(*sent)

"""What more lines and more entities cost: CPU an event, bytes an entity, entities restored a second.

Run it with `make bench-growth`: both hops as a worker runs them, on one thread and without Kafka; the
restore reads a changelog from an embedded Kafka. Each figure is taken in a process of its own. Prints a
table and writes OUT/growth.json; some ten minutes.
"""

import argparse
import asyncio
import gc
import json
import multiprocessing
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition

from stream.features.subject import SubjectState
from stream.one_core import use_one_core
from stream.transport.changelog import read_partition
from stream.transport.cluster import Cluster
from stream.transport.embedded_broker import EmbeddedBroker
from tests.benchmarks.peer_load import Load, make_topic
from tests.benchmarks.peer_meter import own_bytes
from tests.benchmarks.two_hops import ROOM, TwoHops, records_of

STATE_TOPIC = "payments-state"
MB = 1e6


@dataclass(frozen=True)
class Sizes:
    events: int = 100_000
    lines: tuple[int, ...] = (1, 10, 100, 1_000)
    entities: tuple[int, ...] = (10_000, 100_000, 1_000_000, 5_000_000)
    restored: int = 1_000_000


def cpu_us_per_event(load):
    """Return what an event costs when the state is warm."""
    with tempfile.TemporaryDirectory() as folder:
        worker = TwoHops(load, Path(folder))
    records = records_of(load)
    half = len(records) // 2
    worker.run(records[:half])
    began = time.process_time()
    worker.run(records[half:])
    return (time.process_time() - began) / (len(records) - half) * 1e6


def cost_of_lines(lines, events):
    return {"cpu_us_per_event": cpu_us_per_event(Load(events, lines=lines, partitions=1))}


def cost_of_entities(entities, events):
    """Return what an event costs among so many subjects, a fifth as many counterparties, each as likely as any."""
    load = Load(events, subjects=entities, partitions=1)
    with tempfile.TemporaryDirectory() as folder:
        worker = TwoHops(load, Path(folder))
    line = load.line_names()[0]
    subject = fill_named(worker.profiled.subjects.table, [f"{line}\0card-{one:08d}" for one in range(entities)])
    fill_named(worker.counterparties.table, [f"{line}\0merchant-{one:07d}" for one in range(entities // 5)])
    records = records_of(load)
    began = time.process_time()
    worker.run(records)
    cpu = (time.process_time() - began) / len(records) * 1e6
    return {
        "cpu_us_per_event": cpu,
        "bytes_per_subject_with_key": subject,
        "bytes_of_a_row": worker.profiled.subjects.table.dtype.itemsize,
    }


def fill_named(table, names):
    raw = bytes(table.dtype.itemsize)
    before = own_bytes(os.getpid())
    table.restore((name.encode(), raw) for name in names)
    gc.collect()
    return (own_bytes(os.getpid()) - before) / len(names)


async def write_state(cluster, entities):
    """Write a subject's row for each entity, as a worker's changelog holds it."""
    size = SubjectState(1).table.dtype.itemsize
    raw = np.random.default_rng(0).bytes(size)
    async with AIOKafkaProducer(**cluster.options(), max_batch_size=1 << 20) as producer:
        batch, sent = producer.create_batch(), []
        for number in range(entities):
            key = f"bench-0000\0card-{number:08d}".encode()
            if batch.append(key=key, value=raw, timestamp=None) is None:
                sent.append(await producer.send_batch(batch, STATE_TOPIC, partition=0))
                batch = producer.create_batch()
                batch.append(key=key, value=raw, timestamp=None)
        sent.append(await producer.send_batch(batch, STATE_TOPIC, partition=0))
        await asyncio.gather(*sent)


def cost_of_restoring(servers, entities):
    """Return how fast a partition's subjects come back from Kafka."""
    cluster, state = Cluster.plain(servers), SubjectState(ROOM)
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    take = lambda run: state.restore((record.key, record.value) for record in run)  # noqa: E731
    read = asyncio.run(read_partition(cluster, TopicPartition(STATE_TOPIC, 0), take))
    took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    assert read == entities == len(state.table)
    return {"entities_per_s": entities / took_s, "cpu_us_per_entity": cpu_s / entities * 1e6}


def apart(work, *given):
    """Return what a function returns in a process of its own, so that its memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1, initializer=use_one_core) as pool:
        return pool.apply(work, given)


def restoring(entities, folder):
    broker = EmbeddedBroker(folder / "kafka").start()
    try:
        cluster = Cluster.plain(broker.bootstrap_servers)
        make_topic(cluster, STATE_TOPIC, 1)
        asyncio.run(write_state(cluster, entities))
        return apart(cost_of_restoring, broker.bootstrap_servers, entities)
    finally:
        broker.stop()


def measure(sizes, told):
    found = {"lines": {}, "entities": {}}
    for lines in sizes.lines:
        found["lines"][lines] = told(f"{lines:,} lines", apart(cost_of_lines, lines, sizes.events))
    for entities in sizes.entities:
        found["entities"][entities] = told(f"{entities:,} subjects", apart(cost_of_entities, entities, sizes.events))
    with tempfile.TemporaryDirectory() as folder:
        found["restore"] = told(f"{sizes.restored:,} restored", restoring(sizes.restored, Path(folder)))
    return found


def told(what, figures):
    print(f"{what:24}", *(f"{name} {value:,.1f}" for name, value in figures.items()), flush=True)
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=Sizes.events)
    parser.add_argument("--lines", type=int, nargs="*", default=Sizes.lines)
    parser.add_argument("--entities", type=int, nargs="*", default=Sizes.entities)
    parser.add_argument("--restored", type=int, default=Sizes.restored)
    parser.add_argument("--out", type=Path, default=Path("out/growth"))
    args = parser.parse_args()
    found = measure(Sizes(args.events, tuple(args.lines), tuple(args.entities), args.restored), told)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "growth.json").write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""How long an event waits for its score at half of the capacity, beside the floor that Kafka's transactions set.

Run it with `make bench-latency`. Events are due at even times, whatever became of those before, and each wait
counts from when its event was due to when its score can be read: a program or a producer that stalls delays
all that were due meanwhile (Tene's coordinated omission is not committed). First the capacity is measured on a
backlog; then aiokafka that copies bytes in transactions and Foreshot take half of it, each for SECONDS.
Programs run on one core, broker, producer and reader on another. Prints a table and writes OUT/latency.json.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import shutil
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from pathlib import Path

import numpy as np
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from prometheus_client.parser import text_string_to_metric_families

from stream.placement import partitions_of
from stream.transport.embedded_broker import EmbeddedBroker
from tests.benchmarks.peer_foreshot import prepare, write_lines
from tests.benchmarks.peer_load import TOPIC, Load, event_id, make_topic, payments, write_payments
from tests.benchmarks.peer_meter import CORE, WARM_UP, Output, cpu_s, follow, on_core, running
from tests.benchmarks.peers import PROGRAMS, Bench, free_port
from tests.integration.workers import Installation

_TICK_S = 0.005
_SETTLE_S = 3.0
_LAST_S = 30.0
_POOL = 200_000
_MARK = b"payment-"
_DIGITS = 10
_SHARES = {"p50": 50.0, "p95": 95.0, "p99": 99.0, "p999": 99.9, "max": 100.0}


async def _produce(servers, topic, load, start_s, rate, count):
    """Send each event as soon as it is due; events beyond the pool are those of the pool under new ids."""
    pool = payments(load)
    place = partitions_of([key for key, *_ in pool], load.partitions).tolist()
    ends = [value.partition(b'",')[2] for _, value, _ in pool]
    async with AIOKafkaProducer(bootstrap_servers=servers, max_batch_size=1 << 20) as producer:
        sent, pending = 0, set()
        while sent < count:
            due = min(int((time.time() - start_s) * rate), count)
            batches = {}
            for number in range(sent, due):
                at = number % len(pool)
                batch = batches.get(place[at]) or batches.setdefault(place[at], producer.create_batch())
                value = b'{"id":"' + event_id(WARM_UP + number).encode() + b'",' + ends[at]
                if batch.append(key=pool[at][0], value=value, timestamp=None) is None:
                    raise RuntimeError("the producer is too far behind")
            for partition, batch in batches.items():
                pending.add(await producer.send_batch(batch, topic, partition=partition))
            pending = {one for one in pending if not one.done()}
            sent = max(due, sent)
            await asyncio.sleep(_TICK_S)
        await asyncio.gather(*pending)


async def _read(servers, topic, start_s, rate, count, waits):
    """Note when each event's output can be read by one who reads committed records."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=servers,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=10,
    )
    await consumer.start()
    seen, deadline_s = 0, start_s + count / rate + _LAST_S
    while seen < count and time.time() < deadline_s:
        runs = await consumer.getmany(timeout_ms=200)
        now_s = time.time() - start_s
        for records in runs.values():
            for record in records:
                begin = record.value.find(_MARK) + len(_MARK)
                number = int(record.value[begin : begin + _DIGITS]) - WARM_UP
                if number >= 0:
                    waits[number] = now_s - number / rate
                    seen += 1
    await consumer.stop()


def _reader(servers, topic, start_s, rate, count, path):
    waits = np.full(count, np.nan, np.float32)
    asyncio.run(_read(servers, topic, start_s, rate, count, waits))
    np.save(path, waits)


def _producer(servers, topic, load, start_s, rate, count):
    payments(load)
    asyncio.run(_produce(servers, topic, load, start_s, rate, count))


def waits_of(process, bench, source, target, rate, seconds):
    """Return the wait of every event in seconds, in the order in which they were due."""
    count, path = int(rate * seconds), bench.folder / f"{target}.npy"
    write_payments(bench.cluster, source, bench.load, 0, WARM_UP)
    follow(process, Output(bench.cluster, target), WARM_UP)
    context = multiprocessing.get_context("fork")
    with on_core({1}):
        begun, used_s = time.monotonic(), cpu_s(process.pid)
        start_s = time.time() + _SETTLE_S
        given = (bench.servers, target, start_s, rate, count, path)
        reader = context.Process(target=_reader, args=given)
        producer = context.Process(target=_producer, args=(bench.servers, source, bench.load, start_s, rate, count))
        for one in (reader, producer):
            one.start()
        for one in (producer, reader):
            one.join()
    print(f"{target}: {(cpu_s(process.pid) - used_s) / (time.monotonic() - begun):.2f} of a core", flush=True)
    waits = np.load(path)
    if np.isnan(waits).any():
        raise RuntimeError(f"{target}: {np.isnan(waits).sum()} of {count} events never came")
    return waits


def floor_waits(bench, rate, seconds):
    """Return the waits of what copies bytes in transactions."""
    for topic in ("floor-in", "floor-out"):
        make_topic(bench.cluster, topic, bench.load.partitions)
    command = [sys.executable, PROGRAMS / "aiokafka_bytes.py", bench.servers, "floor-in", "floor-out", "floor", "-"]
    with running(command, bench.folder / "floor.log") as process:
        return waits_of(process, bench, "floor-in", "floor-out", rate, seconds)


def foreshot_waits(bench, rate, seconds):
    """Return the waits of a scorer as shipped."""
    path, prefix = bench.folder / "latency.yaml", "latency-"
    lines = write_lines(path, bench.load)
    installation = Installation(
        bench.servers, prefix, path, bench.initialisation, bench.folder, bench.load.partitions, {}
    )
    prepare(installation, lines, bench.weights)
    with contextlib.ExitStack() as stack:
        stack.callback(installation.stop)
        port = free_port()
        with on_core({CORE}):
            process = installation.start("latency", port, "score")
        waits = waits_of(process, bench, prefix + TOPIC, prefix + "scored-events", rate, seconds)
        return waits, transactions_of(port)


def transactions_of(port):
    """Return a worker's transactions by stage: how many, and the mean milliseconds of each one's steps."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5.0) as page:
        families = text_string_to_metric_families(page.read().decode())
    found = defaultdict(dict)
    for sample in (one for family in families if family.name == "foreshot_stage_seconds" for one in family.samples):
        of_stage, step = found[sample.labels["stage"]], sample.labels["step"]
        if sample.name.endswith("_count"):
            of_stage["transactions"] = int(sample.value)
        elif sample.name.endswith("_sum"):
            of_stage[f"{step}_ms"] = sample.value * 1e3
    return {
        stage: {
            step: told / max(one["transactions"], 1) if step.endswith("_ms") else told for step, told in one.items()
        }
        for stage, one in found.items()
    }


def told(waits):
    """Return quantiles in milliseconds, and the medians of the first and last third: lag that grows shows there."""
    third = len(waits) // 3
    found = {name: float(np.percentile(waits, share)) * 1e3 for name, share in _SHARES.items()}
    ends = {"first_third_p50": waits[:third], "last_third_p50": waits[-third:]}
    return found | {name: float(np.median(part)) * 1e3 for name, part in ends.items()}


def measure(bench, rate, seconds):
    if rate is None:
        rate = bench.foreshot("capacity").events_per_s / 2
    found = {"events_per_s": rate, "seconds": seconds}
    floor = floor_waits(bench, rate, seconds)
    foreshot, found["transactions"] = foreshot_waits(bench, rate, seconds)
    for name, waits in (("floor", floor), ("foreshot", foreshot)):
        found[name] = told(waits)
        print(f"{name:10}", *(f"{one} {value:,.1f} ms" for one, value in found[name].items()), flush=True)
    for stage, one in found["transactions"].items():
        print(f"{stage:10}", *(f"{step} {value:,.4g}" for step, value in one.items()), flush=True)
    found["ratios"] = {name: found["foreshot"][name] / found["floor"][name] for name in _SHARES}
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, help="events a second; half of the capacity if not given")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--out", type=Path, default=Path("out/latency"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=args.out))
    with on_core({1}):
        broker = EmbeddedBroker(folder / "kafka").start()
    try:
        bench = Bench(broker.bootstrap_servers, Load(_POOL), folder, None)
        found = measure(bench, args.rate, args.seconds)
    finally:
        broker.stop()
    print(*(f"{name} {ratio:.2f} of the floor" for name, ratio in found["ratios"].items()))
    (args.out / "latency.json").write_text(json.dumps(found, indent=2) + "\n")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()

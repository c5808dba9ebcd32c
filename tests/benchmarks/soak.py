"""An hour under load: does memory stay flat, does lag, is each event scored once?

Run it with `make soak`. One scorer and one learner, one broker; events come at a steady rate with ids and event
times of their own, a tenth of the cards is new with each pass over the pool, and a part of the frauds is labelled,
so that entities are evicted, labels expire and lines are adapted all the time. Retention bounds the topics. Prints a
line each minute and writes OUT/soak.json; ends with 1 where something grew, was lost or came twice.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from stream.events.fraud_label import FraudLabel
from stream.pipelines import effects
from stream.placement import partitions_of
from stream.transport.clients import connect_admin
from stream.transport.embedded_broker import EmbeddedBroker
from tests.benchmarks.peer_foreshot import prepare, write_lines
from tests.benchmarks.peer_load import TOPIC, Load, event_id, payments
from tests.benchmarks.peer_meter import own_bytes
from tests.benchmarks.peers import Bench, free_port
from tests.integration.workers import Installation

_POOL = Load(100_000, lines=4)
_PREFIX = "soak-"
# Event time runs through so much of a year, so that a label's horizon passes many times.
_SPAN = timedelta(days=300)
_SETTINGS = {"label_horizon_days": 5, "max_entities": 3_000, "session_timeout_s": 30}
_KEPT = {"retention.bytes": str(128 << 20), "segment.bytes": str(16 << 20)}
_BOUNDED = (TOPIC, effects.ENRICHED_EVENTS, effects.SCORED_EVENTS)
_LABELLED = 0.1
_LABEL_AFTER_S = 5.0
_TICK_S = 0.02
_SAMPLE_S = 10.0
_MOST_BEHIND_S = 60.0
_MARK = b"payment-"
_DIGITS = 10


@dataclass(frozen=True)
class Sample:
    """What was seen at an instant: memory in MB by worker, events sent and not yet scored."""

    at_s: float
    memory_mb: dict
    sent: int
    behind: int


class Feed:
    """Events from the pool under new ids and times, and labels of some frauds among them."""

    def __init__(self, count, begin):
        self.count = count
        self.sent = self.labels = 0
        self._begin, self._step = begin, _SPAN / count
        self._pool = payments(_POOL)
        self._cards = [int(key[-8:]) for key, *_ in self._pool]
        self._ends = [value.partition(b'"merchant"')[2] for _, value, _ in self._pool]
        self._lines = [json.loads(value)["product"] for _, value, _ in self._pool]

    def event(self, number):
        """Return an event's key and JSON."""
        turn, at = divmod(number, len(self._pool))
        card = f"card-{self._cards[at] + turn * _POOL.subjects // 10:08d}"
        time_ = self._time(number).isoformat(timespec="milliseconds")
        head = f'{{"id":"{event_id(number)}","product":"{self._lines[at]}","time":"{time_}","card":"{card}","merchant"'
        return card.encode(), head.encode() + self._ends[at]

    def label(self, number, chance):
        """Return a label's key and JSON for some of the frauds, None for the other events."""
        at = number % len(self._pool)
        if not self._pool[at][2] or chance.random() > _LABELLED:
            return None
        told = FraudLabel(
            event_id=event_id(number), line=self._lines[at], label="fraud", labelled_at=self._time(number)
        )
        return event_id(number).encode(), told.model_dump_json().encode()

    def _time(self, number):
        return self._begin + number * self._step


async def produce(servers, feed, rate, start_s):
    chance = np.random.default_rng(0)
    async with AIOKafkaProducer(bootstrap_servers=servers, max_batch_size=1 << 20, linger_ms=5) as producer:
        told = 0
        while feed.sent < feed.count:
            due = min(int((time.time() - start_s) * rate), feed.count)
            await _send_events(producer, feed, feed.sent, due)
            feed.sent = max(due, feed.sent)
            ripe = max(int((time.time() - start_s - _LABEL_AFTER_S) * rate), 0)
            for number in range(told, min(ripe, feed.sent)):
                if (label := feed.label(number, chance)) is not None:
                    await producer.send(_PREFIX + effects.FRAUD_LABELS, key=label[0], value=label[1])
                    feed.labels += 1
            told = max(told, min(ripe, feed.sent))
            await asyncio.sleep(_TICK_S)


async def _send_events(producer, feed, first, last):
    events = [feed.event(number) for number in range(first, last)]
    if not events:
        return
    places = partitions_of([key for key, _ in events], _POOL.partitions).tolist()
    for (key, value), place in zip(events, places, strict=True):
        await producer.send(_PREFIX + TOPIC, key=key, value=value, partition=place)


async def read(servers, seen):
    """Count how often each event is scored, as one who reads committed records sees it."""
    async with AIOKafkaConsumer(
        _PREFIX + effects.SCORED_EVENTS,
        bootstrap_servers=servers,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    ) as consumer:
        while True:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    begin = record.value.find(_MARK) + len(_MARK)
                    seen[int(record.value[begin : begin + _DIGITS])] += 1


async def sample(workers, feed, seen, began_s, samples):
    while True:
        await asyncio.sleep(_SAMPLE_S)
        memory = {name: own_bytes(process.pid) / (1 << 20) for name, process in workers.items()}
        scored = int(np.count_nonzero(seen[: feed.sent]))
        samples.append(Sample(time.time() - began_s, memory, feed.sent, feed.sent - scored))
        if len(samples) % 6 == 0:
            print(json.dumps(asdict(samples[-1])), flush=True)


async def run(servers, feed, rate, seconds, workers):
    """Return the samples, and how often each event was scored."""
    seen, samples = np.zeros(feed.count, np.uint8), []
    start_s = time.time() + 1.0
    around = [asyncio.create_task(one) for one in (read(servers, seen), sample(workers, feed, seen, start_s, samples))]
    await produce(servers, feed, rate, start_s)
    deadline_s = time.time() + seconds / 10 + _MOST_BEHIND_S
    while not seen.all() and time.time() < deadline_s:  # noqa: ASYNC110 - an array has no event
        await asyncio.sleep(1.0)
    # What came twice comes soon after.
    await asyncio.sleep(3.0)
    for one in around:
        one.cancel()
    ended = await asyncio.gather(*around, return_exceptions=True)
    for error in ended:
        if not isinstance(error, asyncio.CancelledError):
            raise error
    return samples, seen


def growth(samples, of):
    """Return by what share a figure's median grows from the second quarter to the last."""
    values = np.array([of(one) for one in samples], float)
    quarter = max(len(values) // 4, 1)
    before, after = np.median(values[quarter : 2 * quarter]), np.median(values[-quarter:])
    return float(after / max(before, 1e-9) - 1)


def judged(samples, seen, rate, most_growth):
    """Return the figures, and what does not hold."""
    names = samples[0].memory_mb
    grown = {name: growth(samples, lambda one, name=name: one.memory_mb[name]) for name in names}
    last = samples[-max(len(samples) // 4, 1) :]
    figures = {
        "events": len(seen),
        "lost": int((seen == 0).sum()),
        "twice": int((seen > 1).sum()),
        "memory_mb": {name: [one.memory_mb[name] for one in samples] for name in names},
        "memory_growth": grown,
        "behind_s": [one.behind / rate for one in samples],
    }
    problems = [f"{name}'s memory grew by {share:.1%}" for name, share in grown.items() if share > most_growth]
    problems += [f"{figures[one]} events {one}" for one in ("lost", "twice") if figures[one]]
    if (behind := float(np.median([one.behind for one in last])) / rate) > _MOST_BEHIND_S:
        problems.append(f"scores are {behind:.0f} s behind")
    return figures, problems


def soak(bench, rate, seconds, most_growth):
    path, count = bench.folder / "soak.yaml", int(rate * seconds)
    lines = write_lines(path, _POOL)
    installation = Installation(
        bench.servers, _PREFIX, path, bench.initialisation, bench.folder, _POOL.partitions, _SETTINGS
    )
    prepare(installation, lines, bench.weights)
    _bound(installation)
    try:
        ports = {role: free_port() for role in ("score", "learn")}
        for role, port in ports.items():
            installation.start(role, port, role)
        for port in ports.values():
            installation.wait_until_ready(port)
        feed = Feed(count, datetime.now(UTC) - _SPAN)
        samples, seen = asyncio.run(run(bench.servers, feed, rate, seconds, installation.workers))
    finally:
        installation.stop()
    figures, problems = judged(samples, seen, rate, most_growth)
    tried = sum(record.value is not None for record in installation.records(effects.ADAPTATIONS))
    given = {"events_per_s": rate, "seconds": seconds, "labels": feed.labels, "adaptations": tried}
    return given | figures, problems


def _bound(installation):
    admin = connect_admin(installation.cluster)
    admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, installation.prefix + topic, configs=_KEPT) for topic in _BOUNDED]
    )
    admin.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, help="events a second; seven tenths of the capacity if not given")
    parser.add_argument("--seconds", type=float, default=3_600.0)
    parser.add_argument("--most-growth", type=float, default=0.05, help="share of memory that a worker may grow by")
    parser.add_argument("--out", type=Path, default=Path("out/soak"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=args.out)).absolute()
    broker = EmbeddedBroker(folder / "kafka").start()
    try:
        bench = Bench(broker.bootstrap_servers, Load(100_000), folder, None)
        rate = args.rate or 0.7 * bench.foreshot("capacity").events_per_s
        found, problems = soak(bench, rate, args.seconds, args.most_growth)
    finally:
        broker.stop()
        shutil.rmtree(folder)
    (args.out / "soak.json").write_text(json.dumps(found | {"problems": problems}, indent=2) + "\n")
    told = ("events", "labels", "adaptations", "lost", "twice", "memory_growth")
    print(*(f"{name} {found[name]}" for name in told))
    print(*problems, sep="\n")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

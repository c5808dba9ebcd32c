"""Past one machine, on paper: what many events and subjects need, by what one worker was seen to need.

Run it with `make bench-capacity`. It measures a scorer and its broker on backlogs in 4, 16 and 64 partitions (processor
time of both an event, bytes on each topic, markers of transactions) and puts the figures into the model below.
Entities' bytes and the speed of a restore come from `make bench-growth`. Prints both and writes OUT/capacity.json.
"""

import argparse
import json
import math
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from stream.transport.embedded_broker import EmbeddedBroker
from tests.benchmarks.peer_load import TOPIC, Load
from tests.benchmarks.peer_meter import Output, cpu_s, on_core
from tests.benchmarks.peers import Bench

_PARTITIONS = (4, 16, 64)
_TOPICS = (TOPIC, "enriched-events", "scored-events", "profile-state", "score-state")


@dataclass(frozen=True)
class Seen:
    """What one worker and its broker needed.

    Attributes:
        scorer_us: Processor time of the scorer an event.
        broker_us: Of the broker.
        bytes_an_event: On all topics together, once.
        records_a_marker: Records that a transaction wrote to a partition for each marker there, on `enriched-events`.
    """

    scorer_us: float
    broker_us: float
    bytes_an_event: float
    records_a_marker: float


@dataclass(frozen=True)
class Wanted:
    """The load, and how full machines may be."""

    events_per_s: float = 1e6
    subjects: float = 5e8
    counterparties: float = 5e7
    use: float = 0.6
    replication: int = 3
    broker_mb_per_s: float = 200.0
    commit_every_s: float = 0.5
    learner_us: float = 30.0


@dataclass(frozen=True)
class Entity:
    """What `make bench-growth` measured."""

    bytes_each: float
    restored_per_s: float


def seen(bench, broker, folder, partitions, events):
    """Measure a backlog in so many partitions."""
    name = f"capacity-{partitions}"
    load = Load(events, partitions=partitions)
    (java,) = broker.process_ids
    before = cpu_s(java)
    cost = bench.foreshot(name, load=load)
    broker_us = (cpu_s(java) - before) / events * 1e6
    total = sum(sum(one.stat().st_size for one in logs(folder, name, topic)) for topic in _TOPICS)
    ends = Output(bench.cluster, f"{name}-enriched-events").read()
    return Seen(cost.cpu_us_per_event, broker_us, total / events, events / max(ends - events, 1))


def logs(folder, name, topic):
    # Segments are allocated ahead in their indexes alone.
    return folder.glob(f"kafka/broker-1/data/{name}-{topic}-*/*.log")


def model(seen_at, wanted, entity):
    """Return what the load needs.

    A stage commits per partition of its input, so a transaction of `profile` marks each partition of
    `enriched-events` that it wrote to: with P partitions on both sides P x P markers a commit.
    """
    one = seen_at[min(seen_at)]
    scorers = wanted.events_per_s * one.scorer_us / 1e6 / wanted.use
    learners = wanted.events_per_s * wanted.learner_us / 1e6 / wanted.use
    partitions = 2 ** math.ceil(math.log2(max(scorers, learners) * 2))
    markers = partitions * partitions / wanted.commit_every_s
    written_mb = wanted.events_per_s * one.bytes_an_event / 1e6 * wanted.replication
    entities = wanted.subjects + wanted.counterparties
    state_gb = entities * entity.bytes_each / 1e9
    of_worker = entities / scorers
    return {
        "scorers (one core each)": scorers,
        "learners (one core each)": learners,
        "partitions": partitions,
        "events a second and partition": wanted.events_per_s / partitions,
        "brokers by bytes written": written_mb / wanted.broker_mb_per_s,
        "brokers' cores": wanted.events_per_s * one.broker_us / 1e6 / wanted.use * wanted.replication,
        "written, MB/s, copies included": written_mb,
        "state of all entities, GB": state_gb,
        "state of a scorer, GB": state_gb / scorers,
        "restore of a scorer, s": of_worker / entity.restored_per_s,
        "restore of one partition, s": entities / partitions / entity.restored_per_s,
        "markers a second on enriched-events": markers,
        "records a marker": wanted.events_per_s / markers,
    }


def measure(events, partitions, out):
    folder = Path(tempfile.mkdtemp(dir=out)).absolute()
    with on_core({1}):
        broker = EmbeddedBroker(folder / "kafka").start()
    try:
        bench = Bench(broker.bootstrap_servers, Load(events), folder, None)
        found = {}
        for count in partitions:
            found[count] = seen(bench, broker, folder, count, events)
            print(count, "partitions:", *(f"{name} {value:.1f}" for name, value in asdict(found[count]).items()))
    finally:
        broker.stop()
        shutil.rmtree(folder)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--partitions", type=int, nargs="*", default=_PARTITIONS)
    parser.add_argument("--bytes-an-entity", type=float, default=256.0)
    parser.add_argument("--restored-per-s", type=float, default=200_000.0)
    parser.add_argument("--out", type=Path, default=Path("out/capacity"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    found = measure(args.events, args.partitions, args.out)
    needed = model(found, Wanted(), Entity(args.bytes_an_entity, args.restored_per_s))
    for name, value in needed.items():
        print(f"{name:36} {value:12,.1f}")
    kept = {"seen": {count: asdict(one) for count, one in found.items()}, "needed": needed}
    (args.out / "capacity.json").write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()

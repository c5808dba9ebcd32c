"""Past one machine, on paper: what many events and subjects need, by what one worker was seen to need.

Run it with `make bench-capacity`. It measures a scorer and its broker on backlogs in 4, 16 and 64 partitions (processor
time of both an event, bytes on each topic, records between the hops) and puts the figures into the model below.
Entities' bytes and the speed of a restore come from `make bench-growth`. Prints both and writes OUT/capacity.json.
"""

import argparse
import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from stream.transport.clients import read_topic
from stream.transport.embedded_broker import EmbeddedBroker
from tests.benchmarks.peer_load import TOPIC, Load
from tests.benchmarks.peer_meter import Output, cpu_s, on_core
from tests.benchmarks.peers import Bench

_PARTITIONS = (4, 16, 64)
ENTITIES_AN_EVENT = 500.0
"""Subjects for each event a second: 500 million for a million."""
_TOPICS = (TOPIC, "enriched-events", "scored-events", "profile-state", "score-state")


@dataclass(frozen=True)
class Seen:
    """What one worker and its broker needed.

    Attributes:
        scorer_us: Processor time of the scorer an event.
        broker_us: Of the broker.
        bytes_an_event: On all topics together, once.
        events_a_marker: Events that a transaction wrote to a partition of `enriched-events`, for each marker there.
    """

    scorer_us: float
    broker_us: float
    bytes_an_event: float
    events_a_marker: float


@dataclass(frozen=True)
class Wanted:
    """The load, and how full machines may be."""

    events_per_s: float = 1e6
    subjects: float = 5e8
    counterparties_a_subject: float = 0.1
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
    between = f"{name}-enriched-events"
    markers = Output(bench.cluster, between).read() - len(read_topic(bench.cluster, between))
    return Seen(cost.cpu_us_per_event, broker_us, total / events, events / max(markers, 1))


def logs(folder, name, topic):
    # Segments are allocated ahead in their indexes alone.
    return folder.glob(f"kafka/broker-1/data/{name}-{topic}-*/*.log")


def fitted(seen_at, name):
    """Return what an event costs by itself and what each marker and its records add, by fewest and most partitions."""
    least, most = seen_at[min(seen_at)], seen_at[max(seen_at)]
    a_marker = (getattr(most, name) - getattr(least, name)) / (1 / most.events_a_marker - 1 / least.events_a_marker)
    return getattr(least, name) - a_marker / least.events_a_marker, a_marker


def model(seen_at, wanted, entity):
    """Return what the load needs.

    A stage commits per partition of its input, and a transaction of `profile` writes records and a marker to
    each partition of `enriched-events`: with P partitions on both sides P x P markers a commit. Of the numbers of
    partitions that are powers of two the least is taken that gives every worker one.
    """
    for partitions in [2**power for power in range(2, 13)]:
        needed = _with_partitions(partitions, seen_at, wanted, entity)
        if max(needed["scorers (one core each)"], needed["learners (one core each)"]) <= partitions:
            break
    return needed


def _with_partitions(partitions, seen_at, wanted, entity):
    events = wanted.events_per_s * wanted.commit_every_s / partitions**2
    scorer_us, broker_us = (
        alone + more / events for alone, more in (fitted(seen_at, name) for name in ("scorer_us", "broker_us"))
    )
    cores = wanted.events_per_s / 1e6 / wanted.use
    scorers = scorer_us * cores
    written_mb = wanted.events_per_s * seen_at[min(seen_at)].bytes_an_event / 1e6 * wanted.replication
    entities = wanted.subjects * (1 + wanted.counterparties_a_subject)
    state_gb = entities * entity.bytes_each / 1e9
    return {
        "partitions": partitions,
        "events a second and partition": wanted.events_per_s / partitions,
        "events a marker of `enriched-events`": events,
        "scorer, µs an event": scorer_us,
        "broker, µs an event": broker_us,
        "scorers (one core each)": scorers,
        "learners (one core each)": wanted.learner_us * cores,
        "brokers' cores, each copy": broker_us * cores,
        "written, MB/s, copies included": written_mb,
        "brokers by bytes written": written_mb / wanted.broker_mb_per_s,
        "state of all entities, GB": state_gb,
        "state of a scorer, GB": state_gb / scorers,
        "restore of a scorer, s": entities / scorers / entity.restored_per_s,
        "restore of one partition, s": entities / partitions / entity.restored_per_s,
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


def read(file):
    """Return what a former run saw."""
    return {int(count): Seen(**one) for count, one in json.loads(file.read_text())["seen"].items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--partitions", type=int, nargs="*", default=_PARTITIONS)
    parser.add_argument("--seen", type=Path, help="capacity.json of a former run, instead of measuring")
    parser.add_argument("--wanted", type=float, nargs="*", default=(1e4, 1e5, 1e6), help="events a second")
    parser.add_argument("--bytes-an-entity", type=float, default=256.0)
    parser.add_argument("--restored-per-s", type=float, default=200_000.0)
    parser.add_argument("--out", type=Path, default=Path("out/capacity"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    found = read(args.seen) if args.seen else measure(args.events, args.partitions, args.out)
    entity = Entity(args.bytes_an_entity, args.restored_per_s)
    needed = {events: model(found, Wanted(events, events * ENTITIES_AN_EVENT), entity) for events in args.wanted}
    for name in next(iter(needed.values())):
        print(f"{name:34}", *(f"{of[name]:14,.1f}" for of in needed.values()))
    kept = {"seen": {count: asdict(one) for count, one in found.items()}, "needed": needed}
    (args.out / "capacity.json").write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()

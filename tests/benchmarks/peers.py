"""What an event costs in Foreshot and in its peers: one broker, one core for each program, the same backlog.

Run it with `make bench-peers`. Every program reads the same payments; its time counts only if its output holds
each of them once. Prints a table and writes OUT/bench.json.
"""

import argparse
import contextlib
import json
import shutil
import socket
import sys
import tempfile
from dataclasses import asdict, astuple
from functools import partial
from pathlib import Path

import numpy as np
import orjson

from stream.events.enriched_event import decode as decode_enriched
from stream.pipelines.effects import ENRICHED_EVENTS
from stream.transport.cluster import Cluster
from stream.transport.embedded_broker import EmbeddedBroker
from stream.transport.topics import REKEYED_SUFFIX, ensure_topics
from tests.benchmarks.peer_foreshot import adapted_weights, an_initialisation, prepare, scored_ids, write_lines
from tests.benchmarks.peer_load import TOPIC, Load, make_topic, write_payments
from tests.benchmarks.peer_meter import CORE, Cost, Output, Taken, check_complete, measured, on_core, running
from tests.benchmarks.peer_stages import sampled, shares
from tests.integration.workers import Installation

PROGRAMS = Path(__file__).parent / "peer_programs"
FORESHOT = "Foreshot, whole"
# Longer than a program is stopped while the backlog is written.
_SESSION_S = 60
LEAST_EVENTS = 20_000


class Bench:
    """One broker, one load, one folder."""

    def __init__(self, servers, load, folder, peers):
        self.servers, self.load, self.folder = servers, load, folder
        self.cluster = Cluster.plain(servers)
        self.peers = peers
        self.initialisation = folder / "init.safetensors"
        made = an_initialisation()
        made.save(self.initialisation)
        self.weights = adapted_weights(made, folder)

    def peer(self, name, program, ways=(), python=sys.executable):
        """Return what a peer costs an event."""
        source, target = f"in-{name}", f"out-{name}"
        for topic in (source, target):
            make_topic(self.cluster, topic, self.load.partitions)
        command = [python, PROGRAMS / program, *ways, self.servers, source, target, name, self.folder / name]
        with running(command, self.folder / f"{name}.log") as process:
            cost = self._measured(process, source, Output(self.cluster, target), self.load)
        check_complete(self.cluster, target, self.load.events, ids_of_json)
        return cost

    def foreshot(self, name="foreshot", load=None, tree=None, around=lambda _: contextlib.nullcontext()):
        """Return what a scorer costs an event; `around` makes a context for its process id."""
        load = load or self.load
        installation, lines = self._installation(name, load)
        source, scored = installation.prefix + TOPIC, installation.prefix + "scored-events"
        installation.checkout = tree
        prepare(installation, lines, self.weights)
        with scoring(installation, name) as process:
            cost = self._measured(process, source, Output(self.cluster, scored), load, around(process.pid))
        check_complete(self.cluster, scored, load.events, scored_ids(self.weights))
        return cost

    def one_hop(self, name, stage, target, ids_of):
        """Return what an event costs where a scorer runs one stage alone, which writes `target`."""
        installation, lines = self._installation(name, self.load, rekey=stage == "rekey")
        source = installation.prefix + TOPIC
        installation.program = (PROGRAMS / "foreshot_hop.py", stage)
        ensure_topics(installation.settings, lines.values())
        # Records that it writes may hold many events: what it has read is counted.
        taken = Taken(self.cluster, installation.settings.application, source)
        with scoring(installation, name) as process, taken:
            cost = self._measured(process, source, taken, self.load)
        check_complete(self.cluster, installation.prefix + target, self.load.events, ids_of)
        return cost

    def _installation(self, name, load, *, rekey=False):
        """Return an installation with topics of its own, and its lines."""
        path, settings = self.folder / f"{name}.yaml", {"session_timeout_s": _SESSION_S}
        lines = write_lines(path, load, rekey=rekey)
        made = Installation(self.servers, f"{name}-", path, self.initialisation, self.folder, load.partitions, settings)
        return made, lines

    def stages(self, stacks):
        """Return the share of a scorer's time that each stage takes; the samples go to a file."""
        self.foreshot("stages", around=lambda process_id: sampled(self.peers / "py-spy", process_id, stacks))
        return shares(stacks)

    def _measured(self, process, source, output, load, around=None):
        write = partial(write_payments, self.cluster, source, load)
        return measured(process, output, write, load.events, around or contextlib.nullcontext())


@contextlib.contextmanager
def scoring(installation, name):
    """Run a scorer on the measured core until the block ends."""
    try:
        with on_core({CORE}):
            process = installation.start(name, free_port(), "score")
        yield process
    finally:
        installation.stop()


def ids_of_json(value):
    return [orjson.loads(value)["id"]]


def ids_of_enriched(value):
    return [one.event_id for one in decode_enriched(value)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def programs(bench, against):
    """Return every program by name: what measures it, given a name for its topics."""
    quix = partial(bench.peer, program="quix_json.py", python=bench.peers / "python")
    before = {f"Foreshot, {tree}": partial(bench.foreshot, tree=tree) for tree in against}
    return {
        FORESHOT: bench.foreshot,
        **before,
        "Foreshot, first hop alone": partial(
            bench.one_hop, stage="profile", target=ENRICHED_EVENTS, ids_of=ids_of_enriched
        ),
        "Foreshot, rekey: JSON checked, sent on": partial(
            bench.one_hop, stage="rekey", target=TOPIC + REKEYED_SUFFIX, ids_of=ids_of_json
        ),
        "Quix Streams, JSON, a counter in state": partial(quix, ways=["counter"]),
        "Quix Streams, JSON": partial(quix, ways=["plain"]),
        "faust-streaming, JSON": partial(bench.peer, program="faust_json.py"),
        "aiokafka, bytes, transactions": partial(bench.peer, program="aiokafka_bytes.py"),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--out", type=Path, default=Path("out/peers"))
    parser.add_argument("--peers", type=Path, default=Path(".venv-peers/bin"), help="the peers' own environment")
    parser.add_argument("--only", nargs="*", default=[], help="programs whose names hold one of these words")
    parser.add_argument("--rounds", type=int, default=1, help="measure each so often, in turn, and tell the medians")
    parser.add_argument("--against", type=Path, nargs="*", default=[], help="other checkouts of Foreshot")
    args = parser.parse_args()
    if args.events < LEAST_EVENTS:
        parser.error(f"--events: at least {LEAST_EVENTS}; with fewer the start is measured, not the work")
    args.out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=args.out)).absolute()
    with on_core({1}):
        broker = EmbeddedBroker(folder / "kafka").start()
    try:
        found = measure(Bench(broker.bootstrap_servers, Load(args.events), folder, args.peers), args)
    finally:
        broker.stop()
    print(*table(found), sep="\n")
    (args.out / "bench.json").write_text(json.dumps(found, indent=2) + "\n")
    shutil.rmtree(folder)


def measure(bench, args):
    chosen = {
        name: run
        for name, run in programs(bench, args.against).items()
        if not args.only or any(word in name for word in args.only)
    }
    rounds = {name: [] for name in chosen}
    for turn in range(args.rounds):
        for number, (name, run) in enumerate(chosen.items()):
            rounds[name].append(run(f"p{number}-{turn}"))
            print(told(name, rounds[name][-1]), flush=True)
    costs = {name: Cost(*np.median([astuple(one) for one in found], 0).tolist()) for name, found in rounds.items()}
    found = {"events": args.events, "programs": {name: asdict(cost) for name, cost in costs.items()}}
    if FORESHOT in costs:
        ours = costs[FORESHOT].cpu_us_per_event
        found["ratios"] = {name: cost.cpu_us_per_event / ours for name, cost in costs.items()}
        shares = bench.stages(args.out / "stacks.txt")
        found["stages"] = {stage: share * ours for stage, share in shares.items()}
    return found


def told(name, cost):
    return f"{name:40} {cost.cpu_us_per_event:7.1f} µs of a core {cost.events_per_s:9,.0f} events/s"


def table(found):
    for name, cost in found["programs"].items():
        ratio = f"  {found['ratios'][name]:5.2f} of Foreshot" if "ratios" in found else ""
        yield told(name, Cost(**cost)) + ratio
    for stage, us in found.get("stages", {}).items():
        yield f"  {stage:26} {us:6.2f} µs"


if __name__ == "__main__":
    main()

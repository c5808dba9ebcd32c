"""Breaks real installations on a real Kafka and checks what they leave. Run it with `make faults`.

Each fault runs in rounds: an installation of its own, a steady load, strikes, then the
check. What was found is kept in OUT/faults.json after each round; a run that was cut
off goes on from there.
"""

import argparse
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

from stream.events.history import read_history
from stream.events.line_file import load_lines
from stream.features.specification import PAYMENTS
from stream.scoring.initialisation import load_initialisation
from stream.simulation.cards import simulate_cards, write_parquet
from tests.builders.small_world import LINES, PROFILES, small_training_data, train_small
from tests.faults.campaign import Results, World, run_fault
from tests.faults.catalogue import FAULTS
from tests.faults.cluster import Cluster
from tests.faults.site import outer_environment

_DAYS = 40


def make_world(folder):
    """Make what all rounds share, once for each folder."""
    lines = load_lines([LINES])
    made = folder / "world"
    made.mkdir(parents=True, exist_ok=True)
    events = made / "events.parquet"
    if not events.exists():
        busy = [replace(one, subjects=4 * one.subjects, events_per_day=10 * one.events_per_day) for one in PROFILES]
        write_parquet(simulate_cards(busy, _DAYS, 5), events)
    files = [made / "init-a.safetensors", made / "init-b.safetensors"]
    if not all(file.exists() for file in files):
        data = small_training_data(made, lines)
        for at, file in enumerate(files):
            train_small(data, file, seed=at)
    names = {str(file): load_initialisation(file, PAYMENTS).manifest.id for file in files}
    history = read_history(events, lines)
    return World(LINES, lines, history, names, folder, lambda count: _cluster(folder / f"kafka-{count}", count))


def _cluster(folder, count):
    shutil.rmtree(folder, ignore_errors=True)
    return Cluster(folder, count).start()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fault", action="append", choices=sorted(FAULTS), help="only this one; may be repeated")
    parser.add_argument("--repeats", type=int, help="at most so many strikes of each fault")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("out/faults"))
    args = parser.parse_args()
    names = args.fault or list(FAULTS)
    outer_environment()
    # Workers are stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    results = Results(args.out / "faults.json")
    world = make_world(args.out.absolute())
    try:
        for name in names:
            fault = FAULTS[name]()
            run_fault(fault, world, min(fault.repeats, args.repeats or fault.repeats), args.seed, results)
    finally:
        world.close()
    print(results.table(names))
    sys.exit(1 if results.failed(names) else 0)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    main()

"""Writes the economy's few-shot world: `python -m stream.simulation.supply_chain --out DIR --seed N`."""

import argparse
from pathlib import Path

import yaml

from stream.simulation.supply_chain.simulate import simulate_supply_chain
from stream.simulation.supply_chain.supply_chain_world import (
    DAYS,
    LINES_FILE,
    SupplyChainWorld,
    line_file,
    supply_chain_world,
)
from stream.simulation.supply_chain.verdict import judge
from stream.simulation.supply_chain.world_files import write_documents, write_events, write_truth


def write_world(out: Path, seed: int = 0, days: int = DAYS) -> SupplyChainWorld:
    """Write a world's documents, truth, labels, events and lines into a folder and return it.

    Args:
        out: The folder; made where it is not there.
        seed: Of all chance.
        days: How long.
    """
    world = supply_chain_world(seed)
    simulated = simulate_supply_chain(world.lines, days, seed)
    write_documents(simulated, out)
    write_truth(judge(simulated, seed), out)
    write_events(simulated, out)
    (out / LINES_FILE).write_text(yaml.safe_dump(line_file(world), sort_keys=False), encoding="utf-8")
    return world


def main() -> None:
    """Write the world where `--out` says."""
    parser = argparse.ArgumentParser(description="Write the few-shot world of a made supply-chain economy.")
    parser.add_argument("--out", type=Path, required=True, help="Folder of the documents, the truth and the lines.")
    parser.add_argument("--seed", type=int, default=0, help="Of all chance.")
    parser.add_argument("--days", type=int, default=DAYS, help="How long.")
    args = parser.parse_args()
    write_world(args.out, args.seed, args.days)


if __name__ == "__main__":
    main()

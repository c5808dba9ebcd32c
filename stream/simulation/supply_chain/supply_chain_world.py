"""The economy's few-shot world: many lines, and lines to be judged whose frauds training never saw.

Each line mixes two families of fraud, and has decoys that look like them.
"""

from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np

from stream.simulation.drawn_world import DrawnWorld
from stream.simulation.supply_chain.behaviours import DECOYS, FAMILIES
from stream.simulation.supply_chain.fraud_traits import draw_traits
from stream.simulation.supply_chain.line_profile import KINDS, Kind, SupplyChainLine
from stream.simulation.supply_chain.place import PLACES
from stream.simulation.supply_chain.sector import SECTORS
from stream.simulation.supply_chain.world_files import EVENTS_TABLE

DAYS = 365
HELD_OUT = ("bust_out", "circular_trade", "lot_pledged_twice")
"""Families that no training or validation line has."""
LINES_FILE = "lines.yaml"

_VALIDATION_PAIRS = 8
_LINES_PER_PAIR = 3
"""To train on."""
_FRAUDS_PER_YEAR = (4.0, 36.0)
_DECOYS, _LEAST_DECOYS = 3, 3.0
_DECOYS_PER_FRAUD = (0.5, 1.5)

Pair = tuple[str, str]


SupplyChainWorld = DrawnWorld[SupplyChainLine]


def supply_chain_world(seed: int = 0) -> SupplyChainWorld:
    """Return training lines, eight validation lines, and test lines that each have a held-out family.

    Of pairs of families that training has, three lines have each; of the others one.

    Args:
        seed: Of the lines' traits, and of which pairs of families validate.
    """
    generator = np.random.default_rng([seed, 0])
    pairs = [pair for pair in combinations(FAMILIES, 2) if _kinds(pair)]
    judged = [pair for pair in pairs if {*pair} & {*HELD_OUT}]
    seen = [pair for pair in pairs if not {*pair} & {*HELD_OUT}]
    seen = [seen[at] for at in generator.permutation(len(seen)).tolist()]

    used: Counter[Kind] = Counter()

    def lines(part: str, chosen: list[Pair], start: int = 1) -> tuple[SupplyChainLine, ...]:
        return tuple(_line(f"scf-{part}-{at:02d}", pair, used, generator) for at, pair in enumerate(chosen, start))

    begin = lines("train", seen[_VALIDATION_PAIRS:])
    validated, tested = lines("validation", seen[:_VALIDATION_PAIRS]), lines("test", judged)
    # The later ones come last, so that the judged lines are those of a world with fewer to train on.
    further = lines("train", seen[_VALIDATION_PAIRS:] * (_LINES_PER_PAIR - 1), len(begin) + 1)
    return SupplyChainWorld(begin + further, validated, tested, len(begin))


def _kinds(pair: Pair) -> list[Kind]:
    return [kind for kind in KINDS if all(kind in FAMILIES[name].kinds for name in pair)]


def _line(name: str, pair: Pair, used: Counter[Kind], generator: np.random.Generator) -> SupplyChainLine:
    kind = min(_kinds(pair), key=lambda one: used[one])
    used[kind] += 1
    share = float(generator.uniform(0.35, 0.65))
    frauds = round(float(np.exp(generator.uniform(*np.log(_FRAUDS_PER_YEAR)))))
    sellers = int(generator.integers(35, 90))
    return SupplyChainLine(
        name=name,
        kind=kind,
        sector=SECTORS[generator.integers(len(SECTORS))],
        place=PLACES[generator.integers(len(PLACES))],
        sellers=sellers,
        buyers=int(sellers * generator.uniform(0.9, 1.8)),
        financiers=int(generator.integers(3, 7)),
        deals_per_year=int(generator.integers(500, 1_100)),
        financed_share=float(generator.uniform(0.6, 0.95)),
        frauds_per_year=frauds,
        families=dict(zip(pair, (share, 1 - share), strict=True)),
        decoys={
            one: max(frauds * float(generator.uniform(*_DECOYS_PER_FRAUD)), _LEAST_DECOYS)
            for one in _decoys(pair, kind, generator)
        },
        traits=draw_traits(generator),
    )


def _decoys(pair: Pair, kind: Kind, generator: np.random.Generator) -> list[str]:
    """Return decoys of a line: those that are taken for its frauds first, then others."""
    able = [name for name, decoy in DECOYS.items() if kind in decoy.kinds]
    mixed = [able[at] for at in generator.permutation(len(able)).tolist()]
    return sorted(mixed, key=lambda name: not {*DECOYS[name].looks_like} & {*pair})[:_DECOYS]


def line_file(world: SupplyChainWorld) -> dict[str, Any]:
    """Return the lines as a line file declares them."""
    return {"lines": [_declared(line) for line in world.lines]}


def _declared(line: SupplyChainLine) -> dict[str, Any]:
    return {
        "line": line.name,
        "topic": "sim-supply-chain",
        "kind": "supplier",
        "documents": "supply_chain",
        "label_delay": "60d",
        "label_horizon": "300d",
        "history": {"label": "fraud", "label_release": "1d"},
    }


def tasks_file(world: SupplyChainWorld) -> dict[str, Any]:
    """Return what `tasks/supply_chain.yaml` says: which lines train, validate and are judged."""
    return world.tasks(LINES_FILE, EVENTS_TABLE)

"""The simulator's few-shot world: many lines, and lines to be judged whose fraud training never saw.

Each line has two families of fraud and two decoys: families whose very behaviour is honest
there. So what is fraud in one line is life in another, and only a line's own labels tell.
`python -m stream.simulation.few_shot_world --out DIR` writes the events and the lines that
`tasks/simulator.yaml` names; with `--held-out` and two families, those of a world in which these are
new; with `--held-out` alone, those of `tasks/simulator_pairs.yaml`: no family is new, only its pairs.
"""

import argparse
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from stream.simulation.cards import simulate_cards, write_parquet
from stream.simulation.drawn_world import DrawnWorld
from stream.simulation.fraud_families import FAMILIES
from stream.simulation.line_profile import LineProfile

DAYS = 90
"""About half of it for a support, half for a query."""
HELD_OUT = ("device_takeover", "night_burst")
"""Families that no training or validation line has, neither as fraud nor as a decoy, where nothing else is said."""
EVENTS_FILE, LINES_FILE = "events.parquet", "lines.yaml"

_VALIDATION_LINES = 6
_JUDGED_PAIRS = 12
"""Where no family is new: pairs that only judged lines have."""
_LINES_PER_PAIR = 8
# Of these so many are drawn before the other parts, by what is new: judged lines are what they were without the others.
_DRAWN_FIRST = {"families": 2, "pairs": 4}
_EVENTS_PER_DAY = (240.0, 420.0)
_FRAUDS = (190.0, 370.0)
_DECOYS_PER_FRAUD = (0.5, 1.0)

# Where lines are: country, currency, middle, and the scale of amounts.
_PLACES = (
    ("FR", "EUR", 46.6, 2.4, 3.3), ("DE", "EUR", 51.0, 10.2, 3.6), ("JP", "JPY", 36.0, 138.0, 8.2),
    ("BR", "BRL", -15.0, -50.0, 4.4), ("IN", "INR", 21.0, 78.0, 6.0), ("US", "USD", 39.0, -98.0, 3.2),
    ("PL", "PLN", 52.0, 19.0, 4.6), ("NG", "NGN", 9.0, 8.0, 9.0), ("SE", "SEK", 60.0, 16.0, 5.4),
    ("MX", "MXN", 23.0, -102.0, 5.8),
)  # fmt: skip


FewShotWorld = DrawnWorld[LineProfile]


def few_shot_world(seed: int = 0, held_out: Sequence[str] = HELD_OUT) -> FewShotWorld:
    """Return lines to train on, six to validate and lines to be judged.

    With two families held out, 120 training lines and the validation lines have pairs of the
    other seven, no pair in both; each of 16 test lines has a held-out family. With none, 144
    training lines have 18 pairs of the nine, eight lines each, and 24 test lines have 12 others.

    Args:
        seed: Of the lines' traits and of which pairs validate.
        held_out: Two families, or none.

    Raises:
        ValueError: It is one, or more than two, or a family that there is not.
    """
    if len(held_out) != len(set(held_out)) or len(held_out) not in (0, 2) or not {*held_out} <= {*FAMILIES}:
        message = f"two families are held out of {', '.join(FAMILIES)}, or none; not {', '.join(held_out)}"
        raise ValueError(message)
    generator = np.random.default_rng([seed, 0])
    known = tuple(name for name in FAMILIES if name not in held_out)
    validation, seen = _pairs(known, generator)
    if held_out:
        training, first = seen * _LINES_PER_PAIR, seen * _DRAWN_FIRST["families"]
        test = [[held, one] for held in held_out for one in known] + [list(held_out)] * 2
    else:
        while {family for pair in seen[_JUDGED_PAIRS:] for family in pair} != {*known}:
            validation, seen = _pairs(known, generator)
        test, known_pairs = seen[:_JUDGED_PAIRS] * 2, seen[_JUDGED_PAIRS:]
        training, first = known_pairs * _LINES_PER_PAIR, known_pairs * _DRAWN_FIRST["pairs"]

    def lines(part: str, pairs: list[list[str]], start: int = 1) -> tuple[LineProfile, ...]:
        return tuple(_profile(f"sim-{part}-{at:02d}", pair, known, generator) for at, pair in enumerate(pairs, start))

    # The later ones come last, so that the judged lines are those of worlds with fewer to train on.
    begin, validated, judged = lines("train", first), lines("validation", validation), lines("test", test)
    return FewShotWorld(begin + lines("train", training[len(first) :], len(first) + 1), validated, judged, len(first))


def _pairs(known: Sequence[str], generator: np.random.Generator) -> tuple[list[list[str]], list[list[str]]]:
    """Return pairs of families to validate by, and the others."""
    pairs = [sorted(pair) for pair in generator.permutation(list(combinations(known, 2))).tolist()]
    return pairs[:_VALIDATION_LINES], pairs[_VALIDATION_LINES:]


def _profile(name: str, families: list[str], known: Sequence[str], generator: np.random.Generator) -> LineProfile:
    country, currency, latitude, longitude, log_amount = _PLACES[generator.integers(len(_PLACES))]
    events_per_day = generator.uniform(*_EVENTS_PER_DAY)
    fraud_share = generator.uniform(*_FRAUDS) / (events_per_day * DAYS)
    decoys = generator.permutation([one for one in known if one not in families])[:2].tolist()
    share = generator.uniform(0.35, 0.65)
    own_amount = log_amount + generator.normal(0, 0.5)
    return LineProfile(
        name,
        currency,
        country,
        latitude,
        longitude,
        subjects=int(events_per_day * generator.uniform(0.9, 2.0)),
        merchants=int(generator.uniform(80, 240)),
        events_per_day=events_per_day,
        log_amount=own_amount,
        log_spread=generator.uniform(0.3, 0.8),
        late_share=generator.uniform(0.05, 0.25),
        fraud_share=fraud_share,
        families=dict(zip(families, (share, 1 - share), strict=True)),
        limit=float(np.exp(own_amount + generator.uniform(1.8, 2.8))),
        decoys={one: fraud_share * generator.uniform(*_DECOYS_PER_FRAUD) for one in decoys},
    )


def line_file(world: FewShotWorld) -> dict[str, Any]:
    """Return the lines as a line file declares them."""
    return {"lines": [_declared(profile) for profile in world.lines]}


def _declared(profile: LineProfile) -> dict[str, Any]:
    return {
        "line": profile.name,
        "topic": "sim-payments",
        "kind": "card",
        "currency": profile.currency,
        "match": {"product": profile.name},
        "label_delay": "1d",
        "roles": {
            "event_id": "id",
            "occurred_at": "time",
            "subject": "card",
            "counterparty": "merchant",
            "amount": "amount",
            "currency": "currency",
            "instrument": "device",
            "place": {"field": "country", "latitude": "latitude", "longitude": "longitude"},
        },
        "history": {"label": "fraud", "label_release": "1h"},
    }


def tasks_file(world: FewShotWorld) -> dict[str, Any]:
    """Return what `tasks/simulator.yaml` and its like say: which lines train, validate and are judged."""
    return world.tasks(LINES_FILE, EVENTS_FILE)


def write_world(out: Path, seed: int = 0, days: int = DAYS, held_out: Sequence[str] = HELD_OUT) -> FewShotWorld:
    """Write a world's events and lines into a folder and return it.

    Args:
        out: The folder; made where it is not there.
        seed: Of all chance.
        days: How long.
        held_out: Two families that training never sees, or none.
    """
    world = few_shot_world(seed, held_out)
    write_parquet(simulate_cards(world.lines, days, seed), out / EVENTS_FILE)
    (out / LINES_FILE).write_text(yaml.safe_dump(line_file(world), sort_keys=False), encoding="utf-8")
    return world


def main() -> None:
    """Write the world where `--out` says."""
    parser = argparse.ArgumentParser(description="Write the simulator's few-shot world.")
    parser.add_argument("--out", type=Path, required=True, help="Folder of the events and the lines.")
    parser.add_argument("--seed", type=int, default=0, help="Of all chance.")
    parser.add_argument(
        "--held-out",
        nargs="*",
        default=HELD_OUT,
        metavar="FAMILY",
        help="Two that training never sees; none: only their pairs are new.",
    )
    args = parser.parse_args()
    try:
        write_world(args.out, args.seed, held_out=args.held_out)
    except ValueError as error:
        parser.error(f"--held-out: {error}")


if __name__ == "__main__":
    main()

"""Judges each family of supply-chain fraud alone: how well it is found, by which features, and how long that takes.

Run it with `make trade-families`. A family's line is a year of its kind with 40 frauds of it and 20 of each decoy that
its kind can have. Trees on the trade columns learn lines of one seed, with the family among them or left out, and
judge the family's line of another seed, all of its documents after the first 60 days.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy as np
from sklearn.metrics import average_precision_score

from stream.simulation.supply_chain.behaviours import DECOYS, FAMILIES
from stream.simulation.supply_chain.line_profile import SupplyChainLine
from stream.simulation.supply_chain.place import PLACES
from stream.simulation.supply_chain.sector import SECTORS
from stream.simulation.supply_chain.simulate import simulate_supply_chain
from tests.builders.trade_table import TRADE_COLUMNS, TYPES, trade_table

DAY_S = 86_400.0
KNOWN_AFTER_S = 60 * DAY_S
LEARNT_SEED, JUDGED_SEED = 3, 4
ALERT_SHARE = 0.01
GENUINE_A_LINE = 2_000
ROUNDS = 60
TREES = {
    "objective": "binary", "learning_rate": 0.1, "num_leaves": 15, "min_data_in_leaf": 20, "feature_fraction": 0.5,
    "lambda_l2": 5.0, "seed": 0, "num_threads": 1, "verbosity": -1,
}  # fmt: skip


@dataclass(frozen=True)
class FamilyLine:
    """A line's documents after its first days, and of which schemes all of its documents are.

    Attributes:
        scheme: Number of the fraud that a document is part of, -1 of plain trade and decoys.
        first_s: When each scheme's first document came, by its number.
    """

    rows: np.ndarray
    is_fraud: np.ndarray
    times_s: np.ndarray
    scheme: np.ndarray
    first_s: dict[int, float]


def family_line(family, seed):
    """Return a line that has one family of fraud and all decoys of its kind."""
    kind = FAMILIES[family].kinds[0]
    decoys = {name: 20.0 for name, decoy in DECOYS.items() if kind in decoy.kinds}
    given = {"name": family.replace("_", "-"), "sector": SECTORS[2], "place": PLACES[0], "deals_per_year": 500}
    line = SupplyChainLine(kind=kind, frauds_per_year=40, families={family: 1.0}, decoys=decoys, **given)
    made = simulate_supply_chain([line], 365, seed)
    times_s = np.array([one["occurred_at_s"] for one in made.documents])
    scheme = np.array([one.scheme if one.behaviour == family else -1 for one in made.origins])
    first_s = {int(number): times_s[scheme == number].min() for number in np.unique(scheme[scheme >= 0])}
    later = times_s > times_s[0] + KNOWN_AFTER_S
    is_fraud = np.array([one.is_fraud for one in made.origins])
    return FamilyLine(trade_table(made.documents)[later], is_fraud[later], times_s[later], scheme[later], first_s)


def learnt(lines):
    """Return trees on lines, of whose genuine documents some are enough."""
    generator = np.random.default_rng(0)
    rows, labels, weights = [], [], []
    for line in lines:
        genuine = np.flatnonzero(~line.is_fraud)
        some = generator.permutation(genuine)[:GENUINE_A_LINE]
        kept = np.concatenate([np.flatnonzero(line.is_fraud), some])
        rows.append(line.rows[kept])
        labels.append(line.is_fraud[kept])
        weights.append(np.where(labels[-1], 1.0, len(genuine) / len(some)))
    data = lightgbm.Dataset(np.concatenate(rows), np.concatenate(labels), weight=np.concatenate(weights))
    return lightgbm.train(TREES, data, ROUNDS)


def told_by(trees, line):
    """Return the two columns, types aside, that raise the frauds' scores most over those of others of their type."""
    types = line.rows[:, -len(TYPES) :]
    same_type = (types == types[line.is_fraud].mean(0).round()).all(1)
    given = trees.predict(line.rows, pred_contrib=True)[:, : -1 - len(TYPES)]
    more = given[line.is_fraud].mean(0) - given[same_type & ~line.is_fraud].mean(0)
    return [TRADE_COLUMNS[at] for at in np.argsort(-more)[:2]]


def days_to_alert(line, scores):
    """Return how many schemes get an alert where 1 % of documents do, and the median days from first document to it.

    Schemes whose fraud came in the first 60 days, or is not there, are left out.
    """
    alerted = scores >= np.quantile(scores, 1 - ALERT_SHARE)
    judged = np.unique(line.scheme[line.is_fraud])
    days, to_fraud = [], []
    for number in judged.tolist():
        mine = line.scheme == number
        to_fraud.append((line.times_s[mine & line.is_fraud].min() - line.first_s[number]) / DAY_S)
        if (mine & alerted).any():
            days.append((line.times_s[mine & alerted].min() - line.first_s[number]) / DAY_S)
    median = float(np.median(days)) if days else None
    return {"alerted": len(days) / len(judged), "days_to_alert": median, "days_to_fraud": float(np.median(to_fraud))}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("out/trade_families"))
    args = parser.parse_args()
    known = {family: family_line(family, LEARNT_SEED) for family in FAMILIES}
    of_all = learnt(list(known.values()))
    found = {}
    for family in FAMILIES:
        line = family_line(family, JUDGED_SEED)
        of_others = learnt([one for name, one in known.items() if name != family])
        scores = of_all.predict(line.rows)
        found[family] = {
            "share": float(line.is_fraud.mean()),
            "known": float(average_precision_score(line.is_fraud, scores)),
            "left_out": float(average_precision_score(line.is_fraud, of_others.predict(line.rows))),
            "told_by": told_by(of_all, line),
            **days_to_alert(line, scores),
        }
        one, words = found[family], ", ".join(f"`{name}`" for name in found[family]["told_by"])
        days = "" if one["days_to_alert"] is None else f"{one['days_to_alert']:.0f}"
        print(f"| `{family}` | {one['share']:.3f} | {one['known']:.2f} | {one['left_out']:.2f} | {words} "
              f"| {one['alerted']:.0%} | {days} | {one['days_to_fraud']:.0f} |", flush=True)  # fmt: skip
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "results.json").write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()

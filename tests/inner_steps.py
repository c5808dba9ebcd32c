"""How many inner steps so many labelled frauds bear: gain in average precision on lines kept out of training.

Run it with `make inner-steps`: each of some simulated lines is left out of a training in
turn, adapted from K of its frauds in its first three fifths, and judged a day later and
on. It prints a table and writes OUT/inner_steps.json; some minutes on two cores.
"""

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from metalearn.episode import support_of
from metalearn.evaluation.ranking import average_precision
from metalearn.maml import adapt
from metalearn.training import TrainingPlan
from stream.backtest.feature_pass import features_of
from stream.backtest.train import train_initialisation, training_data
from stream.events.history import read_history
from stream.events.line_file import load_lines
from stream.features.specification import PAYMENTS
from stream.one_core import use_one_core
from stream.scoring.initialisation import shared_weights
from stream.scoring.network_forward import forward, network_of
from stream.scoring.standardisation import Standardisation, fit_standardisation, keep_shared
from stream.simulation.cards import simulate_cards, write_parquet
from stream.simulation.demo_world import TRAINING_DAYS, TRAINING_LINES

DAY_S = 86_400.0
FRAUDS = (1, 2, 3, 5, 8, 12, 20)
STEPS = (1, 2, 5, 10, 20, 40)
BACKGROUND, GENUINE = 4_096, 512


def gains(events, lines, held, draws):
    others = {name: line for name, line in lines.items() if name != held}
    history = read_history(events, others)
    features, fresh = features_of(history, lambda _: None)
    plan = replace(TrainingPlan(), pooled_steps=800, meta_steps=400)
    data = training_data(history, features, fresh, float("inf"))
    initialisation = train_initialisation(data, plan, "", lambda *_: None, None)
    rows, label, early, late = own_rows(events, {held: lines[held]}, shared_weights(initialisation).arrays)

    def precision(layers):
        return average_precision(forward(network_of({**initialisation.arrays, **layers}), rows[late]), label[late])

    before = precision({})

    def gain(frauds, steps, draw):
        chance = np.random.default_rng(draw)
        fraud = chance.permutation(np.flatnonzero(early & (label == 1)))[:frauds]
        genuine = chance.permutation(np.flatnonzero(early & (label == 0)))[:GENUINE]
        support = support_of(rows[np.append(fraud, genuine)], np.arange(len(fraud) + GENUINE) < len(fraud))
        return precision(adapt(initialisation, support, steps=steps)) - before

    return before, {
        f"{frauds}": {
            f"{steps}": float(np.mean([gain(frauds, steps, draw) for draw in range(draws)])) for steps in STEPS
        }
        for frauds in FRAUDS
    }


def own_rows(events, line, shared):
    history = read_history(events, line)
    features, _ = features_of(history, lambda _: None)
    time_s = history.batch.occurred_at_s
    cut_s = time_s[0] + 0.6 * (time_s[-1] - time_s[0])
    early = time_s < cut_s
    background = np.random.default_rng(0).permutation(np.flatnonzero(early))[:BACKGROUND]
    prior = Standardisation(shared["standardise.mean"], shared["standardise.scale"])
    scale = keep_shared(fit_standardisation(features[background], prior), prior, PAYMENTS.from_labels)
    return scale.apply(features), history.label, early, time_s >= cut_s + DAY_S


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("out/inner_steps"))
    parser.add_argument("--lines", type=int, default=7)
    parser.add_argument("--draws", type=int, default=8)
    args = parser.parse_args()
    use_one_core()
    lines = load_lines([Path("lines/demo/payments.yaml")])
    lines = {profile.name: lines[profile.name] for profile in TRAINING_LINES}
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.parquet"
        write_parquet(simulate_cards(TRAINING_LINES, TRAINING_DAYS, 7), events)
        for held in list(lines)[: args.lines]:
            before, gained = gains(events, lines, held, args.draws)
            found[held] = {"before": before, "gain": gained}
            print(f"{held}: {before:.3f} before adapting", flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "inner_steps.json").write_text(json.dumps(found, indent=2) + "\n")
    print(f"mean gain over {len(found)} lines", *(f"{steps:>7} st." for steps in STEPS))
    for frauds in FRAUDS:
        means = [np.mean([one["gain"][f"{frauds}"][f"{steps}"] for one in found.values()]) for steps in STEPS]
        print(f"{frauds:>14} frauds      ", *(f"{mean:>+11.4f}" for mean in means))


if __name__ == "__main__":
    main()

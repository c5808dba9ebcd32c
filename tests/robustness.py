"""What each guard of training and of adapting costs and gains, on the few-shot world's judged lines.

Run it with `make robustness`: trains an initialisation plainly, with frauds that move, with
diverse batches, and of three lines alone in windows or crossed too; adapts each to K frauds of
a judged line's first half, as they are or with each swapped for a genuine row with chance .2,
and judges the second half (all frauds and 5,000 genuine rows), as it is or with its frauds
moved. Prints paired differences over lines to the plain loss and training, with 95 %
intervals, and writes OUT/robustness.json; about 10 minutes on one core.
"""

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy import stats

from metalearn.adversarial import encode_tensor, fgsm
from metalearn.episode import support_of
from metalearn.evaluation.ranking import average_precision
from metalearn.inner_loop import InnerLoop, descend
from metalearn.losses import balanced_cross_entropy
from metalearn.maml import encoded, rows_of_supports
from metalearn.networks import for_tasks, forward
from metalearn.robust_losses import ClassificationLoss
from metalearn.tasks.crossing import crossed_or_windowed
from metalearn.tasks.similarity import sketch_of
from metalearn.tasks.task_choice import diverse
from metalearn.training import TrainingPlan, train
from stream.backtest.feature_pass import features_of
from stream.backtest.line_groups import own_groups
from stream.backtest.train import training_data
from stream.events.history import read_history
from stream.events.line_file import load_lines
from stream.features.specification import PAYMENTS
from stream.one_core import use_one_core
from stream.simulation.few_shot_world import EVENTS_FILE, LINES_FILE, write_world

DAY_S = 86_400.0
LOSSES = {
    "plain": ClassificationLoss(),
    "trimmed .2": ClassificationLoss(trimmed_share=0.2),
    "symmetric .1": ClassificationLoss(reverse_weight=0.1),
    "symmetric 1": ClassificationLoss(reverse_weight=1.0),
}
FRAUDS = (5, 20)
GENUINE, QUERY_GENUINE = 512, 5_000
EPSILON, WRONG = 0.25, 0.2
PLAN = replace(TrainingPlan(), pooled_steps=800, meta_steps=400)


def tasks_of(folder, world):
    history = read_history(folder / EVENTS_FILE, load_lines([folder / LINES_FILE]))
    features, fresh = features_of(history, lambda _: None)
    found = {task.name: task for task in training_data(history, features, fresh, float("inf")).tasks}
    return [found[one.name] for one in world.train], [found[one.name] for one in world.test]


def trainings(tasks):
    keep = ~PAYMENTS.from_labels
    few = tasks[:3]
    yield "plain", train(tasks, PLAN)
    yield "half adversarial", train(tasks, replace(PLAN, adversarial_share=0.5, movable=PAYMENTS.movable))
    yield (
        "diverse",
        train(tasks, PLAN, choose=lambda usable: diverse([sketch_of(one.features[:, keep]) for one in usable])),
    )
    yield "3 lines, windows", train(crossed_or_windowed(few, None, 28 * DAY_S), PLAN)
    yield "3 lines, crossed", train(crossed_or_windowed(few, own_groups, 28 * DAY_S), PLAN)


def supports(task, frauds, seed):
    chance = np.random.default_rng(seed)
    cut_s = task.occurred_at_s[0] + 0.5 * (task.occurred_at_s[-1] - task.occurred_at_s[0])
    known = task.label_known_at_s < cut_s
    fraud = chance.permutation(np.flatnonzero(known & (task.labels == 1)))[:frauds]
    genuine = chance.permutation(np.flatnonzero(known & (task.labels == 0)))[:GENUINE]
    rows = np.append(fraud, genuine)
    labels = (np.arange(len(rows)) < len(fraud)).astype(np.float32)
    wrong = labels.copy()
    swapped = np.flatnonzero(chance.random(len(fraud)) < WRONG)
    wrong[swapped] = 0.0
    wrong[len(fraud) + swapped] = 1.0
    query = np.flatnonzero(task.occurred_at_s >= cut_s)
    honest = chance.permutation(query[task.labels[query] == 0])[:QUERY_GENUINE]
    judged = np.append(query[task.labels[query] == 1], honest)
    return rows, {"true labels": labels, "wrong labels": wrong}, judged


def adapted(made, rows, labels, loss):
    padded = rows_of_supports([encoded(support_of(rows, labels), made.edges)])
    parameters = {name: torch.from_numpy(array.copy()) for name, array in made.layers.items()}
    steps = min(int(labels.sum()), 4 * PLAN.inner_steps)
    return descend(
        lambda now: loss(forward(now, padded.features), padded.labels, padded.weights, PLAN.fraud_share).sum(),
        for_tasks(parameters, 1),
        dict(zip(parameters, made.rates.tolist(), strict=True)),
        InnerLoop(steps, first_order=True),
    )


def judge(made, task, frauds, seed, losses):
    rows, kinds, judged = supports(task, frauds, seed)
    features, labels = torch.from_numpy(task.features[judged]), torch.from_numpy(task.labels[judged]).float()
    edges = torch.from_numpy(made.edges)
    for labels_are, known in kinds.items():
        for name, loss in losses.items():
            network = {key: value[0].detach() for key, value in adapted(made, task.features[rows], known, loss).items()}

            def query_loss(x, network=network):
                logits = forward(network, encode_tensor(x, edges))
                return balanced_cross_entropy(logits, labels, torch.ones_like(labels), PLAN.fraud_share)

            moved = fgsm(query_loss, features, labels[:, None] * torch.tensor(PAYMENTS.movable), EPSILON)
            for queried, x in (("", features), (", frauds move", moved)):
                scores = forward(network, encode_tensor(x, edges)).detach().numpy()
                yield f"{labels_are}{queried}", name, average_precision(scores, task.labels[judged])


def told(values, base):
    away = np.array(values) - np.array(base)
    half = stats.t.ppf(0.975, len(away) - 1) * away.std(ddof=1) / np.sqrt(len(away))
    return f"{away.mean():+.3f} ± {half:.3f} ({int((away > 0).sum())}/{len(away)})"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("out/robustness"))
    parser.add_argument("--draws", type=int, default=3)
    args = parser.parse_args()
    use_one_core()
    with tempfile.TemporaryDirectory() as folder:
        world = write_world(Path(folder))
        training, judged = tasks_of(Path(folder), world)
    found = {}
    for way, made in trainings(training):
        losses = LOSSES if way == "plain" else {"plain": LOSSES["plain"]}
        for frauds in FRAUDS:
            cells = {}
            for task in judged:
                for seed in range(args.draws):
                    for case, loss, value in judge(made, task, frauds, seed, losses):
                        cells.setdefault((case, loss), {}).setdefault(task.name, []).append(value)
            for (case, loss), lines in cells.items():
                means = [float(np.mean(values)) for values in lines.values()]
                key = f"K={frauds}, {case}"
                found.setdefault(key, {})[f"{way} training, {loss} loss"] = means
        print(f"{way} training is judged", flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "robustness.json").write_text(json.dumps(found, indent=2) + "\n")
    for case, ways in found.items():
        print(case)
        for way, means in ways.items():
            few = way.startswith("3 lines, crossed")
            base = ways["3 lines, windows training, plain loss" if few else "plain training, plain loss"]
            print(f"  {way:45} {np.mean(means):.3f}  {told(means, base)}")


if __name__ == "__main__":
    main()

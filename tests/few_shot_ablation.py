"""What each piece of the few-shot model is worth: the model without it, on lines that training never saw.

Run it with `make few-shot-ablation` (needs DATA): trains the model whole and without each piece that
training knows of, for every fold of a tasks file, and judges all on the same supports and queries.
Prints mean average precision over lines and the paired difference to the whole model with its 95 %
interval, and writes OUT/ablation.json; about 25 minutes on one core for Sparkov's categories.
"""

import argparse
import json
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from metalearn.evaluation.few_shot import FewShotPlan as Protocol
from metalearn.evaluation.few_shot import cut_line, draw_support, support_of
from metalearn.evaluation.intervals import interval
from metalearn.evaluation.ranking import average_precision
from metalearn.evidence import line_trees as line_trees_module
from metalearn.evidence import support_state
from metalearn.evidence.column_kernel import BLOCKS, SHARED_TAILS
from metalearn.evidence.support_state import SupportState, learn_support, network_columns
from metalearn.few_shot import episode_bank, model, training
from metalearn.few_shot.cascade import cascade_line
from metalearn.few_shot.episode_bank import BankPlan
from metalearn.few_shot.pooled_score import PooledScale
from metalearn.few_shot.shared_trees import fit_pointwise, fit_ranking
from metalearn.few_shot.tails import compressed
from stream.one_core import use_one_core
from stream.tasks.deal_folds import deal
from stream.tasks.read_lines import LineReader
from stream.tasks.tasks_file import load_tasks

COUNTS = (0, 1, 5, 20, 50)
WHOLE = "whole model"
BANK = BankPlan()


def exemplars(features):
    totals = BLOCKS * features
    return np.r_[3 * features : SHARED_TAILS * features, totals : totals + 6]


def ratios(features):
    totals = BLOCKS * features
    return np.r_[features : 3 * features, totals + 6 : totals + 8]


def tails(features):
    totals = BLOCKS * features
    return np.r_[SHARED_TAILS * features : totals, totals + 9]


def line_trees(features):
    at = network_columns(features)
    return np.r_[at : at + 4]


@contextmanager
def without_columns(which):
    """Leave 0 in some columns, wherever they are made."""
    filled, trees_filled = SupportState.fill, SupportState.fill_trees

    def fill(self, rows, out):
        filled(self, rows, out)
        out[:, which(self.features)] = 0.0

    def fill_trees(self, rows, out):
        trees_filled(self, rows, out)
        out[:, which(self.features)] = 0.0

    def learn(support):
        learnt = learn_support(support)
        kept = learnt.columns.copy()
        gone = which(learnt.state.features)
        kept[:, gone[gone < kept.shape[1]]] = 0.0
        return replace(learnt, columns=kept)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SupportState, "fill", fill)
        patch.setattr(SupportState, "fill_trees", fill_trees)
        patch.setattr(episode_bank, "learn_support", learn)
        patch.setattr(model, "learn_support", learn)
        yield


@contextmanager
def without_pooled_score():
    """Make the pooled score 0 on every row."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PooledScale, "scaled", lambda _, score: np.zeros_like(score))
        yield


@contextmanager
def with_line_trees_from_nothing():
    with pytest.MonkeyPatch.context() as patch:
        for module in (line_trees_module, support_state):
            patch.setattr(module, "first_log_odds", lambda rows: np.zeros(len(rows), np.float32))
        yield


@contextmanager
def with_one_forest_of_each():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "fit_pointwise", lambda bank, threads, seed, _=1: fit_pointwise(bank, threads, seed, 1))
        patch.setattr(training, "fit_ranking", lambda bank, threads, seed, _=1: fit_ranking(bank, threads, seed, 1))
        yield


@contextmanager
def as_it_is():
    yield


TRAINED = {
    WHOLE: (as_it_is, BANK),
    "no episodes of the earliest frauds": (as_it_is, replace(BANK, earliest_share=0.0)),
    "no scale noise": (as_it_is, replace(BANK, scale_noise=0.0)),
    "no pooled score": (without_pooled_score, BANK),
    "no exemplars": (lambda: without_columns(exemplars), BANK),
    "no density ratios": (lambda: without_columns(ratios), BANK),
    "no shared tails": (lambda: without_columns(tails), BANK),
    "no line trees": (lambda: without_columns(line_trees), BANK),
    "line trees from nothing": (with_line_trees_from_nothing, BANK),
    "one forest of each": (with_one_forest_of_each, BANK),
    "half of the episodes": (
        as_it_is,
        replace(BANK, episodes=BANK.episodes // 2, most_episodes_a_line=BANK.most_episodes_a_line // 2),
    ),
}
MEMBERS = {"no head": (1, 2), "no pointwise trees": (0, 2), "no ranking trees": (0, 1), "head alone": (0,)}


def trained_on(tasks, bank, head_share=None):
    """Return a model; one whose head has a given weight is not judged on lines left out, half of the time."""
    with pytest.MonkeyPatch.context() as patch:
        if head_share is not None:
            patch.setattr(training, "_judged", lambda *_: (1.0, 0.0, 0.1, head_share))
        return training.train_shared_model(tasks, training.FewShotPlan(bank))


def judged(adapted, rows):
    """Yield what a line's model says, then what it would say without its parts."""
    yield "", adapted.full(rows)
    yield "cascade", cascade_line(adapted, rows)
    yield "no evidence of the line's own", replace(adapted, blend=replace(adapted.blend, own_share=0.0)).full(rows)
    shared, blend, features = adapted.shared, adapted.blend, adapted.state.features
    columns = adapted.state.columns(adapted.scale.extended(rows, shared.pooled))
    own = blend.own_evidence(columns, features), blend.own_trees(columns, features)
    scores = shared.members(columns, adapted.weight, adapted.bias)
    rare = [tail.apply(one) for tail, one in zip(blend.members, scores, strict=True)]
    share = blend.head_share
    for name, kept in MEMBERS.items():
        weights = np.array([share, (1 - share) / 2, (1 - share) / 2])[list(kept)]
        mean = np.average([rare[at] for at in kept], axis=0, weights=weights if weights.any() else None)
        yield name, blend.mixed(compressed(mean.astype(np.float32)), *own)
    still = shared.network.logits(columns[:, : len(shared.network.mean)], *shared.network.head)
    yield "head does not adapt", blend.mixed(blend.shared(blend.members[0].apply(still), *rare[1:]), *own)


def judge(found, way, trained, lines, protocol):
    for line in lines:
        for count in COUNTS:
            for draw in range(protocol.draws):
                support = support_of(line, draw_support(line, count, draw, protocol))
                for part, scores in judged(trained.adapt(support), line.query_features):
                    if part and way != WHOLE:
                        break
                    value = average_precision(scores, line.query_labels, line.genuine_weight)
                    found.setdefault(part or way, {}).setdefault(count, {}).setdefault(line.task.name, []).append(value)


def told(found, way, count):
    means = {name: float(np.mean(values)) for name, values in found[way][count].items()}
    whole = {name: float(np.mean(values)) for name, values in found[WHOLE][count].items()}
    away = interval([means[name] - whole[name] for name in means])
    mean = f"{np.mean(list(means.values())):.3f}"
    return mean if way == WHOLE else f"{mean} ({away.mean:+.3f} ± {away.high - away.mean:.3f})"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=Path, default=Path("tasks/card_sparkov.yaml"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("out/ablation"))
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--folds", type=int, help="Only the first so many.")
    args = parser.parse_args()
    use_one_core()
    declared = load_tasks(args.tasks)
    protocol = Protocol(draws=args.draws, query_rows=10_000)
    read, _ = LineReader(args.tasks, args.data).read(declared)
    lines = {section: [cut_line(line, protocol) for line in some] for section, some in read.items()}
    args.out.mkdir(parents=True, exist_ok=True)
    found = {}
    for fold in deal(lines, declared.folds)[: args.folds]:
        tasks = [line.task for line in [*fold.train, *fold.validation]]
        head_share = None
        for way, (patched, bank) in TRAINED.items():
            with patched():
                trained = trained_on(tasks, bank, head_share)
                judge(found, way, trained, fold.test, protocol)
            head_share = trained.head_share
            (args.out / "ablation.json").write_text(json.dumps(found, indent=2) + "\n")
            print(f"{way} is judged on {len(fold.test)} lines", flush=True)
    print("| | " + " | ".join(f"K = {count}" for count in COUNTS) + " |\n|" + "---|" * (len(COUNTS) + 1))
    for way in found:
        print(f"| {way} | " + " | ".join(told(found, way, count) for count in COUNTS) + " |")


if __name__ == "__main__":
    main()

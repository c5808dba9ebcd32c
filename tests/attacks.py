"""What labels that lie do to a line, with the guards and without, on lines whose frauds training never saw.

Run it with `make attacks`: trains an initialisation on lines of other frauds and runs each judged
line through the code that workers run (profile, score, match, adapt, gate), without Kafka, with the
labels of an analyst who is right; from day 15 to 23 an attacker labels too, as a source of his own
or under the analyst's name. Judges what is in force at day 15 ("before") and at day 23, each after
one more adaptation to all that is known, on the frauds and 2,000 other events of days 23 to 40:
without an attack, with each attack under the default policy, and with every source believed alike
and no rate (the gate alone). Prints differences paired over lines and seeds with 95 % intervals and
what the audit withheld; writes OUT/attacks.json.
"""

import argparse
import copy
import json
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import yaml
from scipy import stats

from metalearn.checkpoint import Initialisation
from metalearn.evaluation.ranking import average_precision
from metalearn.few_shot.adapted_head import HeadPlan
from metalearn.few_shot.episode_bank import BankPlan
from metalearn.few_shot.training import FewShotPlan
from metalearn.training import TrainingPlan
from stream.backtest.feature_pass import features_of
from stream.backtest.run import Backtest
from stream.backtest.train import train_initialisation, training_data
from stream.events.fraud_label import FraudLabel
from stream.events.history import read_history
from stream.events.line_file import load_lines
from stream.features.profile_state import ProfileState
from stream.features.specification import PAYMENTS
from stream.one_core import use_one_core
from stream.pipelines.match_label import match_labels, match_scored
from stream.pipelines.profile_subject import profile_subject
from stream.pipelines.score_event import score_events
from stream.simulation.cards import simulate_cards, write_parquet
from stream.simulation.few_shot_world import few_shot_world, line_file

DAY_S, HOUR_S = 86_400.0, 3_600.0
ATTACK_DAY, JUDGED_DAY, DAYS = 15, 23, 40
STEP_S = 6 * HOUR_S
ANALYST, STRANGER = "analyst", "portal"
# The analyst is told of so many of all frauds and of other events, a day after them.
FRAUDS_SEEN, GENUINE_SEEN = 0.5, 0.01
GENUINE_JUDGED = 2_000
# Few events, so that an hour is enough; as many frauds as four times as many events have.
TRAITS = {"events_per_day": 150.0, "fraud_share": 0.025}
JUDGED_LINES = ("sim-test-02", "sim-test-10", "sim-test-15")
TRAINING_LINES, TRAINING_DAYS = 8, 60
NETWORK = replace(TrainingPlan(), widths=(32, 32), pooled_steps=400, meta_steps=150)
FEW_SHOT = FewShotPlan(BankPlan(episodes=200), HeadPlan(steps=200))
BELIEVED_ALIKE = {"trusted_sources": [ANALYST, STRANGER], "new_source_share": 1.0, "source_labels_per_day": 1e9}
GUARDS = {"guards": {"trusted_sources": [ANALYST]}, "gate alone": BELIEVED_ALIKE}


@dataclass(frozen=True, slots=True)
class Said:
    """One label: when it comes, of which row, what it says and who says it."""

    at_s: float
    row: int
    fraud: bool
    source: str


@dataclass(slots=True)
class Outcome:
    """What a run left."""

    precision: float
    adaptations: Counter = field(default_factory=Counter)
    withheld: Counter = field(default_factory=Counter)


class LabelledBacktest(Backtest):
    """A backtest whose labels are given, and which keeps the learner's audit of labels."""

    def __init__(self, lines, initialisation, enriched):
        super().__init__(lines, initialisation, 90 * DAY_S)
        self._enriched = enriched

    def __deepcopy__(self, memo):
        # Neither changes: no need to copy them for every attack.
        memo |= {id(one): one for one in (self._enriched, self._learner._adapter)}
        made = object.__new__(type(self))
        made.__dict__ |= {name: copy.deepcopy(value, memo) for name, value in self.__dict__.items()}
        return made

    def run(self, history, said, from_s, until_s, step_s=STEP_S):
        """Score the events of a time and release the labels said in it; return the scored events."""
        times, scored = history.batch.occurred_at_s, []
        said = sorted((one for one in said if from_s <= one.at_s < until_s), key=lambda one: (one.at_s, one.row))
        at = 0
        for start_s in np.arange(from_s, until_s, step_s):
            first, last = np.searchsorted(times, [start_s, min(start_s + step_s, until_s)])
            if last > first:
                scored += self._score_events(self._enriched[first:last])
            due = at + sum(one.at_s < start_s + step_s for one in said[at:])
            for one in said[at:due]:
                self._hear(history, one, start_s + step_s)
            at = due
        return scored

    def _score_events(self, enriched):
        self._clock.move_to(enriched[-1].occurred_at_s)
        scored = score_events(self._scoring, enriched)
        self._learn(match_scored(self._labels, self._store, scored, next_offset=0, lines=self._lines))
        return scored

    def _hear(self, history, one, now_s):
        self._clock.move_to(now_s)
        label = FraudLabel(
            event_id=history.batch.event_id[one.row],
            line=history.batch.line[one.row],
            label="fraud" if one.fraud else "genuine",
            source=one.source,
            labelled_at=datetime.fromtimestamp(one.at_s, UTC),
        )
        matched = match_labels(self._labels, self._store, [(label, int(one.at_s * 1000))], lines=self._lines)
        score_events(self._scoring, matched.risk_updates)
        self._learn(matched)

    def adapt(self, line):
        """Adapt to all that is known by now, so that no difference is one of when a line last adapted."""
        for made in self._learner._attempts(line, "age"):
            self.adaptations.append(made.record)
            self._put_in_force(made)

    def withheld(self, line):
        return Counter(self._learner._memory(line).ledger.withheld)


def honest(history, chance, first_s):
    """Return the analyst's labels of all days before the judged ones."""
    fraud = history.label == 1
    seen = chance.random(len(fraud)) < np.where(fraud, FRAUDS_SEEN, GENUINE_SEEN)
    times = history.batch.occurred_at_s
    rows = np.flatnonzero(seen & (times < first_s + (JUDGED_DAY - 1) * DAY_S))
    return [Said(times[row] + DAY_S * chance.uniform(0.9, 1.1), row, bool(fraud[row]), ANALYST) for row in rows]


def within(history, first_s, first_day, last_day):
    times = history.batch.occurred_at_s
    return np.flatnonzero((times >= first_s + first_day * DAY_S) & (times < first_s + last_day * DAY_S))


def flips(history, chance, first_s, source):
    """Label as an analyst does, three in ten of them the wrong way round."""
    rows = within(history, first_s, ATTACK_DAY - 1, JUDGED_DAY - 2)
    fraud = history.label[rows] == 1
    taken = chance.random(len(rows)) < np.where(fraud, FRAUDS_SEEN, FRAUDS_SEEN * fraud.mean())
    for row in rows[taken]:
        wrong = chance.random() < 0.3
        at_s = history.batch.occurred_at_s[row] + DAY_S * chance.uniform(1.0, 1.5)
        yield Said(at_s, row, bool(history.label[row] == 1) != wrong, source)


def floods(history, chance, first_s, source):
    """Call 1,000 genuine events fraud within six hours."""
    rows = within(history, first_s, 1, ATTACK_DAY + 2)
    genuine = rows[history.label[rows] == 0]
    for row in chance.permutation(genuine)[:1_000]:
        yield Said(first_s + (ATTACK_DAY + 4 + 0.25 * chance.random()) * DAY_S, row, True, source)


def clears_its_own(history, chance, first_s, source):
    """Call the frauds on half of the cards genuine, past ones too, after the analyst has labelled them."""
    rows = within(history, first_s, 0, JUDGED_DAY - 3)
    subjects = np.array(history.batch.subject)[rows]
    names = np.unique(subjects)
    own = np.isin(subjects, names[chance.random(len(names)) < 0.5])
    for row in rows[own & (history.label[rows] == 1)]:
        at_s = max(history.batch.occurred_at_s[row] + 2 * DAY_S, first_s + (ATTACK_DAY + chance.random()) * DAY_S)
        yield Said(at_s, row, False, source)


def trickles(history, chance, first_s, source):
    """Be right for three days, then call four of the cheapest events a day fraud."""
    for day in range(ATTACK_DAY, JUDGED_DAY):
        rows = within(history, first_s, day - 1, day)
        fraud = history.label[rows] == 1
        cheapest = rows[~fraud][np.argsort(history.batch.amount[rows[~fraud]])[:40]]
        chosen = rows[fraud][:4] if day < ATTACK_DAY + 3 else chance.permutation(cheapest)[:4]
        for row in chosen:
            yield Said(first_s + (day + chance.random() * 0.2) * DAY_S, row, True, source)


ATTACKS = {
    "flips 3 in 10": flips,
    "floods": floods,
    "clears its own": clears_its_own,
    "trickles poison": trickles,
}


# Under the analyst's own name there is nobody to be told apart: only the gate and the rate are left.
CASES = {
    "guards": [(None, None), *((name, source) for source in (STRANGER, ANALYST) for name in ATTACKS)],
    "gate alone": [(name, STRANGER) for name in ATTACKS],
}


@dataclass(frozen=True, slots=True)
class Judged:
    """Later events whose labels nobody is told, as they were scored without an attack."""

    rows: np.ndarray
    fraud: np.ndarray
    genuine_weight: float

    def precision(self, running, line):
        scorer = running._scoring.scorers.get(line, running._scoring.active.version(line))
        return average_precision(scorer.score(self.rows).score, self.fraud, self.genuine_weight)


def judged_events(running, history, first_s, chance):
    """Run an undisturbed line to its end, learning nothing, and keep its frauds and some other events."""
    running._learn = lambda _: None
    running.run(history, [], first_s + ATTACK_DAY * DAY_S, first_s + JUDGED_DAY * DAY_S, DAY_S)
    scored = running.run(history, [], first_s + JUDGED_DAY * DAY_S, first_s + DAYS * DAY_S, DAY_S)
    fraud = history.label[len(history.label) - len(scored) :] == 1
    others = np.flatnonzero(~fraud)
    rows = np.append(np.flatnonzero(fraud), chance.permutation(others)[:GENUINE_JUDGED])
    features = np.stack([np.frombuffer(scored[row].features, "<f4") for row in rows])
    return Judged(features, fraud[rows], len(others) / (len(rows) - fraud.sum()))


def measured(history, initialisation, seed):
    """Return the outcomes of one line and seed, by (guards, attack, source)."""
    line = history.batch.line[0]
    first_s = np.floor(history.batch.occurred_at_s[0] / DAY_S) * DAY_S
    attack_s, until_s = first_s + ATTACK_DAY * DAY_S, first_s + JUDGED_DAY * DAY_S
    labels = honest(history, np.random.default_rng([seed, 0]), first_s)
    enriched = profile_subject(ProfileState(PAYMENTS), history.batch).events
    assert len(enriched) == len(history.batch), "an event was taken for a repeat"
    found, judged = {}, None
    for guards, policy in GUARDS.items():
        declared = history.lines[line]
        declared = declared.model_copy(update={"adaptation": type(declared.adaptation).model_validate(policy)})
        begun = LabelledBacktest({line: declared}, initialisation, enriched)
        begun.run(history, labels, first_s, attack_s)
        begun.adapt(line)
        if judged is None:
            judged = judged_events(copy.deepcopy(begun), history, first_s, np.random.default_rng([seed, 2]))
            found["before"] = Outcome(judged.precision(begun, line))
        for name, source in CASES[guards]:
            said = labels + (
                list(ATTACKS[name](history, np.random.default_rng([seed, 1]), first_s, source)) if name else []
            )
            running = copy.deepcopy(begun)
            running.run(history, said, attack_s, until_s)
            running.adapt(line)
            made = Counter(one.outcome for one in running.adaptations[len(begun.adaptations) :])
            found[guards, name, source] = Outcome(judged.precision(running, line), made, running.withheld(line))
            told_of = f"{line}, seed {seed}, {guards}, {name or 'no attack'} by {source or 'nobody'}"
            print(
                f"{told_of}: {found['before'].precision:.3f} before, {found[guards, name, source].precision:.3f}, "
                f"{time.process_time():.0f} s", flush=True,
            )  # fmt: skip
    return found


def declared_lines(folder):
    (folder / "lines.yaml").write_text(yaml.safe_dump(line_file(few_shot_world()), sort_keys=False))
    return load_lines([folder / "lines.yaml"])


def trained(folder, known):
    world = few_shot_world()
    chosen = world.train[:TRAINING_LINES]
    write_parquet(simulate_cards(chosen, TRAINING_DAYS, 1), folder / "training.parquet")
    history = read_history(folder / "training.parquet", {one.name: known[one.name] for one in chosen})
    features, fresh = features_of(history, lambda _: None)
    data = training_data(history, features, fresh, float("inf"))
    return train_initialisation(data, NETWORK, "", lambda *_: None, None, few_shot=FEW_SHOT)


def judged_history(folder, known, profile, seed):
    path = folder / f"{profile.name}-{seed}.parquet"
    write_parquet(simulate_cards([replace(profile, **TRAITS)], DAYS, 100 + seed), path)
    return read_history(path, {profile.name: known[profile.name]})


def told(values):
    values = np.array(values)
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return f"{values.mean():+.4f} ± {half:.4f}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=Path("out/attacks"))
    parser.add_argument("--lines", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--initialisation", type=Path, help="Use this one instead of training.")
    args = parser.parse_args()
    use_one_core()
    cells = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known = declared_lines(folder)
        initialisation = Initialisation.load(args.initialisation) if args.initialisation else trained(folder, known)
        profiles = {one.name: one for one in few_shot_world().test}
        for seed in range(args.seeds):
            for line in JUDGED_LINES[: args.lines]:
                history = judged_history(folder, known, profiles[line], seed)
                cells.append(measured(history, initialisation, seed))
    report(cells, args.out)


def report(cells, out):
    before = np.array([cell["before"].precision for cell in cells])
    print(f"average precision before: {before.mean():.3f} over {len(cells)} lines and seeds")
    rows = {}
    for key in cells[0]:
        if key == "before":
            continue
        guards, attack, source = key
        outcomes = [cell[key] for cell in cells]
        quiet = [cell["guards", None, None].precision for cell in cells]
        precision = np.array([one.precision for one in outcomes])
        withheld = sum((one.withheld for one in outcomes), Counter())
        adaptations = sum((one.adaptations for one in outcomes), Counter())
        rows[" | ".join(map(str, key))] = {
            "precision": precision.tolist(),
            "before": before.tolist(),
            "without attack": quiet,
            "adaptations": dict(adaptations),
            "withheld": {f"{who}: {why}": count for (who, why), count in withheld.items()},
        }
        print(
            f"{guards:11} {attack or 'no attack':16} by {source or '-':8} {precision.mean():.3f}  "
            f"against before {told(precision - before)}  against no attack {told(precision - quiet)}  "
            f"{dict(adaptations)} {dict(withheld)}"
        )
    out.mkdir(parents=True, exist_ok=True)
    (out / "attacks.json").write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""Labels that lie, put through the whole learner one by one, as an attacker would."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from metalearn.evaluation.ranking import average_precision
from metalearn.training import TrainingPlan
from stream.adaptation.adapter import Adapter
from stream.backtest.feature_pass import features_of
from stream.backtest.train import train_initialisation
from stream.features.specification import PAYMENTS
from stream.pipelines.adapt_line import LineLearner
from tests.builders.events import a_line
from tests.builders.labelled_examples import an_example, as_bytes

DAY_S = 86_400.0
LINE = a_line(label_delay="1d", adaptation={"drift": False, "trusted_sources": ["analyst"]})


class StandingClock:
    def now_s(self):
        return 1.7e9


class World:
    """The events of a line that training did not know, the last days kept for judging."""

    def __init__(self, history, initialisation):
        own = np.asarray(history.batch.line) == "small-a"
        features, _ = features_of(history, lambda _: None)
        self.rows, self.label = features[own], history.label[own]
        self.time_s, self.amount = history.batch.occurred_at_s[own], history.batch.amount[own]
        first_s = self.time_s[0]
        self.early = np.flatnonzero((self.time_s > first_s + 2 * DAY_S) & (self.time_s < first_s + 9 * DAY_S))
        self.judged = self.time_s >= first_s + 10 * DAY_S
        self.adapter = Adapter(initialisation)

    def example(self, at, kind, shift_s=0.0, source="analyst"):
        return an_example(
            f"e{at}-{shift_s}",
            kind,
            features=as_bytes(self.rows[at]),
            feature_hash=PAYMENTS.hash,
            occurred_at_s=float(self.time_s[at]) + shift_s,
            source="" if kind == "background" else source,
        )

    def precision(self, learner):
        scores = self.adapter.scorer(learner.current_weights("cards"))(self.rows[self.judged])
        return average_precision(scores, self.label[self.judged])


@pytest.fixture(scope="module")
def world(small_history, small_training_data):
    plan = replace(TrainingPlan(), widths=(32, 32), pooled_steps=250, meta_steps=60, meta_tasks=4)
    return World(small_history, train_initialisation(small_training_data, plan, "", lambda *_: None, None))


def taught(world, honest, seed):
    """Return a learner that knows honest frauds for days, and events it has not been told of."""
    return taught_and_known(world, honest, seed)[:3]


def taught_and_known(world, honest, seed):
    chance = np.random.default_rng(seed)
    early = chance.permutation(world.early)
    frauds, genuine = early[world.label[early] == 1], early[world.label[early] == 0]
    learner = LineLearner({"cards": LINE}, world.adapter, StandingClock())
    background, rest = np.sort(genuine[:700]), genuine[700:]
    learner.learn([world.example(at, "background") for at in background])
    for at in frauds[:honest]:
        learner.learn([world.example(at, "fraud")])
    later = [world.example(at, "background", 3 * DAY_S) for at in background[-20:]]
    learner.learn(later)
    return learner, rest, frauds[honest:], frauds[:honest]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("honest", "poison"), [(12, 40), (24, 16), (24, 60)])
def test_cheap_genuine_events_that_are_called_fraud_one_by_one_cost_nothing(world, honest, poison, seed):
    learner, genuine, _ = taught(world, honest, seed)
    before = world.precision(learner)
    cheapest = genuine[np.argsort(world.amount[genuine])[:poison]]
    made = [one for at in cheapest for one in learner.learn([world.example(at, "fraud")]).adaptations]
    # The gate may let pass what harms nothing; so many it lets pass never.
    assert poison < 60 or any(one.weights is None for one in made)
    assert world.precision(learner) > before - 0.01


@pytest.mark.parametrize("seed", range(3))
def test_honest_frauds_that_come_as_fast_are_learnt(world, seed):
    learner, _, frauds = taught(world, 12, seed)
    before = world.precision(learner)
    made = [one for at in frauds[:40] for one in learner.learn([world.example(at, "fraud")]).adaptations]
    assert all(one.weights is not None for one in made)
    assert world.precision(learner) > 0.9 * before


class Targets(NamedTuple):
    """What an attacker may lie about: events without a label, and frauds that the analyst has labelled."""

    world: World
    frauds: np.ndarray
    genuine: np.ndarray
    known: np.ndarray

    def cheapest(self):
        return self.genuine[np.argsort(self.world.amount[self.genuine])]


def flips(targets):
    """Three in ten labels the wrong way round."""
    both = [*targets.frauds[:30], *targets.genuine[:30]]
    return [(at, (targets.world.label[at] == 1) != (number % 10 < 3)) for number, at in enumerate(both)]


def floods(targets):
    return [(at, True) for at in targets.genuine[:400]]


def clears(targets):
    """What the analyst called fraud, and the frauds he has not seen."""
    return [(at, False) for at in [*targets.known, *targets.frauds]]


def trickles(targets):
    """Right first, then the cheapest events."""
    return [(at, True) for at in [*targets.frauds[:6], *targets.cheapest()[:30]]]


@pytest.mark.parametrize("attack", [flips, floods, clears, trickles])
def test_a_source_that_nothing_vouches_for_costs_a_line_next_to_nothing_and_the_audit_names_it(world, attack):
    changes, told = [], set()
    for seed in range(2):
        learner, genuine, frauds, known = taught_and_known(world, 24, seed)
        before = world.precision(learner)
        for at, fraud in attack(Targets(world, frauds, genuine, known)):
            learnt = learner.learn([world.example(at, "fraud" if fraud else "genuine", source="portal")])
            told |= {(one.source, one.reason) for one in learnt.audits}
        changes.append(world.precision(learner) - before)
    assert np.mean(changes) > -0.02
    assert {source for source, _ in told} == {"portal"}


def test_what_one_liar_teaches_does_not_keep_honest_labels_from_being_learnt(world):
    learner, genuine, frauds = taught(world, 12, 0)
    cheapest = genuine[np.argsort(world.amount[genuine])]
    learner.learn([world.example(at, "fraud", source="portal") for at in cheapest[:40]])
    made = [one for at in frauds[:40] for one in learner.learn([world.example(at, "fraud")]).adaptations]
    accepted = [one.record for one in made if one.weights is not None]
    assert accepted
    assert all(one.record.withheld["portal"]["new_source"] for one in made)

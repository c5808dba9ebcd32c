"""Going back to a version gives its scores again, to the last bit, on the path that scores."""

import asyncio

import numpy as np
import pytest

from metalearn.checkpoint import Initialisation
from stream.adaptation.adapter import Adapter
from stream.adaptation.labelled_example import encode as encode_example
from stream.alerts.budget import AlertBudget
from stream.clock import FixedClock
from stream.events.decode import SourceRecord
from stream.events.enriched_event import EnrichedEvent, encode
from stream.events.scored_event import decode
from stream.features.counterparty import CounterpartyState
from stream.features.specification import PAYMENTS
from stream.metrics import Metrics
from stream.pipelines.active_versions import ActiveVersions
from stream.pipelines.adapt_line import LineLearner
from stream.pipelines.adapt_step import AdaptStep, KnownWeights
from stream.pipelines.effects import ENRICHED_EVENTS, LINE_WEIGHTS, SCORED_EVENTS
from stream.pipelines.estimated_precision import EstimatedPrecision
from stream.pipelines.live_weights import Activation, LiveWeights, activate
from stream.pipelines.score_event import Scoring
from stream.pipelines.score_step import ScoreStep
from stream.scoring.line_scorers import scorers_over
from tests.builders.events import a_line
from tests.builders.few_shot import with_few_shot
from tests.builders.labelled_examples import NOON_S, an_example, as_bytes

LINE = a_line(label_delay="1h", adaptation={"gate_share": 0.0, "drift": False})


def written(initialisation):
    """Return what a learner writes that is taught four frauds."""
    learner = LineLearner({"cards": LINE}, Adapter(initialisation), FixedClock(NOON_S))
    step = AdaptStep(learner, KnownWeights(PAYMENTS.hash), Metrics(), 1)
    chance, waiting = np.random.default_rng(1), []
    for at in range(404):
        row = as_bytes(chance.normal(2 * (at >= 400), 1, len(PAYMENTS.features)))
        kind = "fraud" if at >= 400 else "background"
        made = an_example(f"e{at}", kind, features=row, feature_hash=PAYMENTS.hash, occurred_at_s=NOON_S + at)
        waiting.append(SourceRecord("labelled-examples", 0, at, b"cards", encode_example(made), 0))
    outgoing = []
    while waiting:
        effects = step.process(waiting)
        outgoing += effects.outgoing
        waiting = waiting[effects.taken :]
    return outgoing


class Worker:
    """Scores as a worker does, with weights from `line-weights`."""

    def __init__(self, initialisation):
        scorers = scorers_over(initialisation)
        self.live = LiveWeights(scorers, PAYMENTS.hash, Metrics())
        parts = CounterpartyState(), scorers, ActiveVersions(), AlertBudget(), 1, FixedClock(NOON_S)
        self.step = ScoreStep(Scoring({"cards": LINE}, *parts), self.live, Metrics(), EstimatedPrecision(), 0)

    def take(self, outgoing):
        """Take what a learner or a rollback writes, in its order."""
        for one in outgoing:
            if one.topic == LINE_WEIGHTS:
                self.live.take(one.key, one.value)
            elif one.topic == ENRICHED_EVENTS:
                self.score([one.value])

    def score(self, values):
        records = [SourceRecord("enriched-events", 0, at, b"k", one, 0) for at, one in enumerate(values)]
        asyncio.run(self.step.prepare(records))
        effects = self.step.process(records)
        self.step.committed()
        scored = [decode(one.value) for one in effects.outgoing if one.topic == SCORED_EVENTS]
        return [(one.event_id, one.score, one.anomaly, one.weights_version, one.features) for one in scored]


def events(seed):
    chance = np.random.default_rng(seed)
    return [
        encode(
            EnrichedEvent(
                event_id=f"{seed}-{at}", line="cards", subject="card-1", counterparty=f"terminal-{at % 7}",
                currency="EUR", occurred_at_s=NOON_S + 1_000.0 * seed + at, amount_minor=1_000, amount=10.0,
                produced_at_ms=int(NOON_S * 1000), features=as_bytes(chance.normal(0, 2, PAYMENTS.profiled_width)),
            )
        )
        for at in range(200)
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["network", "few_shot"])
def test_scores_after_a_rollback_are_those_of_the_restored_version_to_the_last_bit(small_initialisation, kind):
    initialisation = Initialisation.load(small_initialisation)
    initialisation = with_few_shot(initialisation) if kind == "few_shot" else initialisation
    learnt = written(initialisation)
    second = next(at for at, one in enumerate(learnt) if one.key == b"cards\x003")
    stayed, went_on = Worker(initialisation), Worker(initialisation)
    stayed.take(learnt[:second])
    went_on.take(learnt)
    ahead = went_on.score(events(1))
    assert stayed.score(events(1)) != ahead
    assert min(one[3] for one in ahead) > 2
    went_on.take(activate("cards", Activation(2, "operator", "a test", ""), 1))
    restored = went_on.score(events(2))
    assert {one[3] for one in restored} == {2}
    assert restored == stayed.score(events(2))
    # A worker that starts only now reads all of it again.
    late = Worker(initialisation)
    late.take([*learnt, *activate("cards", Activation(2, "operator", "a test", ""), 1)])
    late.score(events(1))
    assert late.score(events(2)) == restored

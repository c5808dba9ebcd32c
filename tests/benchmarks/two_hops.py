"""Both hops of one partition as a worker runs them, on one thread and without Kafka."""

from inspect import signature

from stream.alerts.budget import AlertBudget
from stream.clock import SystemClock
from stream.events.decode import Decoder, SourceRecord
from stream.features.counterparty import CounterpartyState
from stream.features.profile_state import ProfileState
from stream.features.specification import PAYMENTS
from stream.metrics import Metrics
from stream.pipelines.active_versions import ActiveVersions
from stream.pipelines.estimated_precision import EstimatedPrecision
from stream.pipelines.live_weights import LiveWeights
from stream.pipelines.profile_subject import ProfileStep
from stream.pipelines.score_event import Scoring
from stream.pipelines.score_step import ScoreStep
from stream.scoring.line_scorers import scorers_over
from stream.scoring.line_weights import LineWeights
from tests.benchmarks.peer_foreshot import adapted_weights, an_initialisation, write_lines
from tests.benchmarks.peer_load import TOPIC, payments

BATCH = 512
ROOM = 10_000_000


class TwoHops:
    """A partition's profile and score steps, every line scored by weights of its own."""

    def __init__(self, load, folder, clock=None, initialisation=None, weights=None):
        made = initialisation or an_initialisation()
        weights = weights or adapted_weights(made, folder)
        lines = self.lines = write_lines(folder / "lines.yaml", load)
        clock, metrics = clock or SystemClock(), Metrics()
        scorers, active = scorers_over(made), ActiveVersions()
        for line in lines:
            own = LineWeights.sealed(weights.manifest.model_copy(update={"line": line, "digest": ""}), weights.arrays)
            scorers.put(own)
            active.schedule(line, own.manifest.version, 0.0)
            active.take_due(line)
        # An earlier commit's code is measured as well.
        placed = {"scoring_partitions": 1} if "scoring_partitions" in signature(ProfileStep).parameters else {}
        self.profiled, self.counterparties = ProfileState(PAYMENTS, ROOM), CounterpartyState(ROOM)
        scoring = Scoring(lines, self.counterparties, scorers, active, AlertBudget(), 1, clock)
        self.profile = ProfileStep(Decoder(lines, clock), self.profiled, metrics, 0, **placed)
        live = LiveWeights(scorers, PAYMENTS.hash, metrics)
        self.score = ScoreStep(scoring, live, metrics, EstimatedPrecision(), 0)

    def run(self, records, take=None):
        """Put micro-batches through both hops, their changes drained as for a transaction.

        Args:
            records: Payments as they lie on their topic.
            take: Is handed all that a hop writes: its records, then its state's changes.
        """
        for at in range(0, len(records), BATCH):
            enriched = self.profile.process(records[at : at + BATCH]).outgoing
            changes = self.profiled.drain_changes()
            second = [SourceRecord("enriched-events", 0, 0, one.key, one.value, 0) for one in enriched]
            scored = self.score.process(second).outgoing
            counterparty_changes = self.score.state.drain_changes()
            self.score.committed()
            if take is not None:
                take(enriched, changes)
                take(scored, counterparty_changes)


def records_of(load):
    return [SourceRecord(TOPIC, 0, at, key, value, 0) for at, (key, value, _) in enumerate(payments(load))]

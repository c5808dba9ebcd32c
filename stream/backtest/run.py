"""Runs history through the pure pipelines in event-time order, labels released when they are due.

What a worker does over Kafka in five stages happens here in one process, in the order
in which one partition would see it: an hour's events, then what the learner made of
them, then the labels that became known, then the next hour.
"""

from collections.abc import Callable, Mapping

from metalearn.checkpoint import Initialisation
from stream.adaptation.adaptation_record import AdaptationRecord
from stream.adaptation.adapter import Adapter
from stream.adaptation.label_state import LabelState
from stream.adaptation.memory_store import MemoryFeatureStore
from stream.alerts.budget import AlertBudget
from stream.clock import FixedClock
from stream.events.business_line import BusinessLine
from stream.events.enriched_event import WeightsActivation
from stream.events.event_batch import EventBatch, take_rows
from stream.events.fraud_label import FraudLabel
from stream.events.history import History, documents_at, label_of
from stream.events.history_steps import Step, steps_of
from stream.events.label_horizons import label_horizons
from stream.events.scored_event import ScoredEvent
from stream.features.counterparty import CounterpartyState
from stream.features.profile_state import Documents, ProfileState
from stream.features.specification import specification_of
from stream.pipelines.active_versions import ActiveVersions
from stream.pipelines.adapt_line import Adaptation, LineLearner
from stream.pipelines.adapt_step import activation_of
from stream.pipelines.match_label import MatchEffects, match_labels, match_scored
from stream.pipelines.profile_subject import profile_subject
from stream.pipelines.score_event import Scoring, score_events
from stream.scoring.line_scorers import scorers_over

_MICRO_BATCH = 512


class Backtest:
    """One pass over history, all state in memory."""

    def __init__(self, lines: Mapping[str, BusinessLine], initialisation: Initialisation, horizon_s: float) -> None:
        """Start with empty state.

        Args:
            lines: Business lines by name.
            initialisation: The shared initialisation.
            horizon_s: How long features wait for a label on lines that do not say, event time.
        """
        self._lines = lines
        horizons = label_horizons(lines.values(), horizon_s)
        self._first_hop = ProfileState(specification_of(lines.values()))
        self._clock = FixedClock()
        self._scoring = Scoring(
            lines,
            CounterpartyState(),
            scorers_over(initialisation),
            ActiveVersions(),
            AlertBudget(),
            1,
            self._clock,
        )
        self._labels = LabelState(horizons)
        self._store = MemoryFeatureStore(horizons)
        self._learner = LineLearner(lines, Adapter(initialisation), self._clock)
        self.adaptations: list[AdaptationRecord] = []

    def take(self, history: History, step: Step) -> list[ScoredEvent]:
        """Score one step's events, learn from them, then release its labels."""
        scored: list[ScoredEvent] = []
        for start in range(0, len(step.events), _MICRO_BATCH):
            rows = step.events[start : start + _MICRO_BATCH]
            scored += self._score(take_rows(history.batch, rows), documents_at(history, rows))
        self._clock.move_to(step.until_s)
        labels = [(label_of(history, int(row)), int(step.until_s * 1000)) for row in step.labels]
        if labels:
            self._release(labels)
        return scored

    def _score(self, batch: EventBatch, documents: Documents | None) -> list[ScoredEvent]:
        self._clock.move_to(float(batch.occurred_at_s[-1]))
        profiled = profile_subject(self._first_hop, batch, documents)
        scored = score_events(self._scoring, profiled.events)
        self._learn(match_scored(self._labels, self._store, scored, next_offset=0, lines=self._lines))
        return scored

    def _release(self, labels: list[tuple[FraudLabel, int]]) -> None:
        matched = match_labels(self._labels, self._store, labels, lines=self._lines)
        score_events(self._scoring, matched.risk_updates)
        self._learn(matched)

    def _learn(self, matched: MatchEffects) -> None:
        for made in self._learner.learn(matched.examples).adaptations:
            self.adaptations.append(made.record)
            self._put_in_force(made)

    def _put_in_force(self, made: Adaptation) -> None:
        if made.weights is None:
            return
        self._scoring.scorers.put(made.weights)
        for version in made.forgotten:
            self._scoring.scorers.drop(made.record.line, version)
        chosen = activation_of(made.record)
        score_events(self._scoring, [WeightsActivation(made.record.line, chosen.version, chosen.not_before_s)])


def run_backtest(
    history: History, backtest: Backtest, take: Callable[[list[ScoredEvent]], None], advance: Callable[[int], None]
) -> None:
    """Run all of history.

    Args:
        history: Events in event-time order.
        backtest: Holds the state.
        take: Receives the scored events of each step.
        advance: Told how many events each step had, for a progress bar.
    """
    for step in steps_of(history):
        take(backtest.take(history, step))
        advance(len(step.events))

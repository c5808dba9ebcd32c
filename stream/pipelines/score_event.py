"""Second hop: counterparties' features, then score, anomaly, threshold and reasons.

Pure: records in order and state in, scored events out. Live, replay and backtest run
this same code, so the same order of arrival gives the same scores.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from stream.alerts.budget import AlertBudget
from stream.clock import Clock
from stream.distinct import distinct
from stream.events.business_line import BusinessLine
from stream.events.enriched_event import EnrichedEvent, EnrichedRecord, RiskUpdate, WeightsActivation
from stream.events.scored_event import Reason, ScoredEvent, of_columns
from stream.events.utc_texts import utc_texts
from stream.features.counterparty import CounterpartyBatch, CounterpartyState, observe
from stream.pipelines.active_versions import ActiveVersions
from stream.pipelines.line_table import LineTable
from stream.scoring.line_scorer import LineScorer
from stream.scoring.line_scorers import LineScorers
from stream.scoring.many_lines import reasons_each, score_each

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scoring:
    """All that the second hop needs beside a batch.

    Attributes:
        lines: Business lines by name.
        counterparties: Counterparties of this partition.
        scorers: All weights that are known, by line and version.
        active: The versions in force in this partition.
        budget: The lines' recent scores in this partition.
        partitions: Over how many partitions a line's budget is split.
        clock: Gives the processing time.
        table: The lines again, as a batch asks for them.
    """

    lines: Mapping[str, BusinessLine]
    counterparties: CounterpartyState
    scorers: LineScorers
    active: ActiveVersions
    budget: AlertBudget
    partitions: int
    clock: Clock
    table: LineTable = field(init=False)

    def __post_init__(self) -> None:
        """Put the lines into arrays once."""
        object.__setattr__(self, "table", LineTable(self.lines))


def score_events(scoring: Scoring, records: Sequence[EnrichedRecord]) -> list[ScoredEvent]:
    """Return the scored events of a batch, and change the counterparties' state.

    Args:
        scoring: State, weights and settings.
        records: Events, risk updates and activations in order of arrival.

    Returns:
        One scored event for every event, in order; the others give none.
    """
    active, due = scoring.active, scoring.active.due
    if not due and WeightsActivation not in set(map(type, records)):
        return _score_run(scoring, cast("Sequence[EnrichedEvent | RiskUpdate]", records))
    scored: list[ScoredEvent] = []
    run: list[EnrichedEvent | RiskUpdate] = []
    for record in records:
        if isinstance(record, WeightsActivation):
            active.schedule(record.line, record.version, record.not_before_s)
            continue
        if record.line in due and isinstance(record, EnrichedEvent) and record.occurred_at_s >= due[record.line]:
            scored += _score_run(scoring, run)
            run = []
            _swap(scoring, record.line)
        run.append(record)
    return scored + _score_run(scoring, run)


def _swap(scoring: Scoring, line: str) -> None:
    former = scoring.active.version(line)
    scorer = scoring.scorers.find(line, scoring.active.take_due(line))
    if scorer is None:
        # Refused or deleted weights: the former ones go on scoring.
        scoring.active.schedule(line, former, 0.0)
        scoring.active.take_due(line)
        return
    scoring.budget.reseed(line, scorer.score_histogram)


def _score_run(scoring: Scoring, records: Sequence[EnrichedEvent | RiskUpdate]) -> list[ScoredEvent]:
    if not records:
        return []
    counterparty_part = observe(scoring.counterparties, _columns(scoring.table, records))
    events, features = _with_features(records, counterparty_part)
    return _score(scoring, events, features) if events else []


def _columns(table: LineTable, records: Sequence[EnrichedEvent | RiskUpdate]) -> CounterpartyBatch:
    line_of = [record.line for record in records]
    amount, fraud_delta = _amounts(records)
    return CounterpartyBatch(
        line=line_of,
        counterparty=[record.counterparty for record in records],
        occurred_at_s=np.array([record.occurred_at_s for record in records], np.float64),
        amount=amount,
        fraud_delta=fraud_delta,
        delay_s=table.delay_s[table.numbers(line_of)],
    )


def _amounts(records: Sequence[EnrichedEvent | RiskUpdate]) -> tuple[Vector, Vector]:
    """Return amounts, 0 for risk updates, and changes of known frauds, 0 for events."""
    if set(map(type, records)) == {EnrichedEvent}:
        events = cast("Sequence[EnrichedEvent]", records)
        return np.array([event.amount for event in events], np.float64), np.zeros(len(events))
    amount = [record.amount if isinstance(record, EnrichedEvent) else 0.0 for record in records]
    delta = [0.0 if isinstance(record, EnrichedEvent) else record.fraud_delta for record in records]
    return np.array(amount, np.float64), np.array(delta, np.float64)


def _with_features(
    records: Sequence[EnrichedEvent | RiskUpdate], counterparty_part: npt.NDArray[np.float32]
) -> tuple[list[EnrichedEvent], npt.NDArray[np.float32]]:
    events = [record for record in records if isinstance(record, EnrichedEvent)]
    if not events:
        return [], np.empty((0, 0), np.float32)
    if len(events) < len(records):
        counterparty_part = counterparty_part[[isinstance(record, EnrichedEvent) for record in records]]
    subject_part = np.frombuffer(b"".join([event.features for event in events]), "<f4").reshape(len(events), -1)
    return events, np.hstack([subject_part, counterparty_part])


def _score(scoring: Scoring, events: list[EnrichedEvent], features: npt.NDArray[np.float32]) -> list[ScoredEvent]:
    line_of = [event.line for event in events]
    names, which = distinct(line_of)
    scorers = [scoring.scorers.get(name, scoring.active.version(name)) for name in names]
    scores = score_each(scorers, which, features)
    occurred_at_s = np.array([event.occurred_at_s for event in events])
    budget_per_day = scoring.table.budget_per_day[scoring.table.numbers(names)][which]
    threshold, alerted = scoring.budget.observe_and_decide(
        line_of, scores.score, occurred_at_s, budget_per_day, scoring.partitions
    )
    alerts = np.flatnonzero(alerted)
    kinds = [scoring.lines[line_of[at]].kind for at in alerts.tolist()]
    reasons = _reasons(scorers, which, features, alerts, kinds)
    manifests = [scorer.manifest for scorer in scorers]
    of_event = which.tolist()
    raw, width = np.ascontiguousarray(features, "<f4").tobytes(), features.shape[1] * 4
    return of_columns(
        {
            "event_id": [event.event_id for event in events],
            "line": line_of,
            "subject": [event.subject for event in events],
            "counterparty": [event.counterparty for event in events],
            "currency": [event.currency for event in events],
            "occurred_at": utc_texts(occurred_at_s),
            "occurred_at_s": occurred_at_s.tolist(),
            "amount_minor": [event.amount_minor for event in events],
            "score": scores.score.tolist(),
            "anomaly": scores.anomaly.tolist(),
            "initialisation_only": _spread([one.support_frauds == 0 for one in manifests], of_event),
            "weights_version": _spread([one.version for one in manifests], of_event),
            "initialisation": _spread([one.initialisation for one in manifests], of_event),
            "threshold": threshold.tolist(),
            "alerted": alerted.tolist(),
            "reasons": reasons,
            "feature_hash": repeat(scoring.scorers.specification.hash),
            "features": [raw[start : start + width] for start in range(0, len(raw), width)],
            "produced_at_ms": [event.produced_at_ms for event in events],
            "scored_at_ms": repeat(int(scoring.clock.now_s() * 1000)),
        }
    )


def _reasons(
    scorers: Sequence[LineScorer],
    which: npt.NDArray[np.int64],
    features: npt.NDArray[np.float32],
    alerts: npt.NDArray[np.intp],
    kinds: Sequence[str],
) -> list[list[Reason]]:
    """Return the reasons of each row, none where it is not alerted."""
    # One empty list for all: a new one for each event would cost more than its look-up.
    reasons: list[list[Reason]] = [[]] * len(features)
    if len(alerts):
        found = reasons_each(scorers, which[alerts], features[alerts], kinds)
        for row, of_alert in zip(alerts.tolist(), found, strict=True):
            reasons[row] = of_alert
    return reasons


def _spread(values: list[Any], which: list[int]) -> Iterable[Any]:
    return repeat(values[0]) if len(values) == 1 else [values[at] for at in which]

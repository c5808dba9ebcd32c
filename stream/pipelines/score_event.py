"""Second hop: counterparties' features, then score, anomaly, threshold and reasons.

Pure: records in order and state in, scored events out. Live, replay and backtest run
this same code, so the same order of arrival gives the same scores.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from stream.alerts.budget import AlertBudget
from stream.clock import Clock
from stream.events.business_line import BusinessLine
from stream.events.enriched_event import EnrichedEvent, EnrichedRecord, RiskUpdate, WeightsActivation
from stream.events.scored_event import ScoredEvent
from stream.features.counterparty import CounterpartyBatch, CounterpartyState, observe
from stream.features.specification import feature_hash
from stream.pipelines.active_versions import ActiveVersions
from stream.scoring.line_scorers import LineScorers


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
    """

    lines: Mapping[str, BusinessLine]
    counterparties: CounterpartyState
    scorers: LineScorers
    active: ActiveVersions
    budget: AlertBudget
    partitions: int
    clock: Clock


@dataclass(frozen=True, slots=True)
class LineScores:
    """Scores of one line's rows of a batch, in their order."""

    score: npt.NDArray[np.float64]
    anomaly: npt.NDArray[np.float64]
    threshold: npt.NDArray[np.float64]
    alerted: npt.NDArray[np.bool_]


def score_events(scoring: Scoring, records: Sequence[EnrichedRecord]) -> list[ScoredEvent]:
    """Return the scored events of a batch, and change the counterparties' state.

    Args:
        scoring: State, weights and settings.
        records: Events, risk updates and activations in order of arrival.

    Returns:
        One scored event for every event, in order; the others give none.
    """
    active, due = scoring.active, scoring.active.due
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
    counterparty_part = observe(scoring.counterparties, _columns(scoring.lines, records))
    events, features = _with_features(records, counterparty_part)
    by_line: dict[str, list[int]] = defaultdict(list)
    for row, event in enumerate(events):
        by_line[event.line].append(row)
    scored: list[ScoredEvent | None] = [None] * len(events)
    for line, rows in by_line.items():
        chosen = [events[row] for row in rows]
        for row, one in zip(rows, _score_line(scoring, line, chosen, features[rows]), strict=True):
            scored[row] = one
    return [one for one in scored if one is not None]


def _columns(lines: Mapping[str, BusinessLine], records: Sequence[EnrichedEvent | RiskUpdate]) -> CounterpartyBatch:
    count = len(records)
    delay = {name: line.label_delay_s for name, line in lines.items()}
    amount = [record.amount if isinstance(record, EnrichedEvent) else 0.0 for record in records]
    delta = [0.0 if isinstance(record, EnrichedEvent) else record.fraud_delta for record in records]
    return CounterpartyBatch(
        line=[record.line for record in records],
        counterparty=[record.counterparty for record in records],
        occurred_at_s=np.fromiter((record.occurred_at_s for record in records), np.float64, count),
        amount=np.array(amount, np.float64),
        fraud_delta=np.array(delta, np.float64),
        delay_s=np.fromiter((delay[record.line] for record in records), np.float64, count),
    )


def _with_features(
    records: Sequence[EnrichedEvent | RiskUpdate], counterparty_part: npt.NDArray[np.float32]
) -> tuple[list[EnrichedEvent], npt.NDArray[np.float32]]:
    rows = [row for row, record in enumerate(records) if isinstance(record, EnrichedEvent)]
    events = [record for record in records if isinstance(record, EnrichedEvent)]
    if not events:
        return [], np.empty((0, 0), np.float32)
    subject_part = np.frombuffer(b"".join(event.features for event in events), "<f4").reshape(len(events), -1)
    return events, np.hstack([subject_part, counterparty_part[rows]])


def _score_line(
    scoring: Scoring, line: str, events: list[EnrichedEvent], features: npt.NDArray[np.float32]
) -> list[ScoredEvent]:
    current = scoring.scorers.get(line, scoring.active.version(line))
    scores = current.score(features)
    occurred_at_s = np.array([event.occurred_at_s for event in events])
    budget = scoring.lines[line].alerts.budget_per_day
    threshold, alerted = scoring.budget.observe_and_decide(
        line, scores.score, occurred_at_s, budget, scoring.partitions
    )
    alert_rows = np.flatnonzero(alerted)
    found = current.reasons(features[alert_rows], scoring.lines[line].kind) if len(alert_rows) else []
    reasons = dict(zip(alert_rows.tolist(), found, strict=True))
    manifest = current.manifest
    scored_at_ms = int(scoring.clock.now_s() * 1000)
    raw, width = np.ascontiguousarray(features, "<f4").tobytes(), features.shape[1] * 4
    hashed = feature_hash()
    return [
        ScoredEvent(
            event_id=event.event_id,
            line=line,
            subject=event.subject,
            counterparty=event.counterparty,
            currency=event.currency,
            occurred_at=iso_time(event.occurred_at_s),
            occurred_at_s=event.occurred_at_s,
            amount_minor=event.amount_minor,
            score=float(scores.score[row]),
            anomaly=float(scores.anomaly[row]),
            initialisation_only=manifest.support_frauds == 0,
            weights_version=manifest.version,
            initialisation=manifest.initialisation,
            threshold=float(threshold[row]),
            alerted=bool(alerted[row]),
            reasons=reasons.get(row, []),
            feature_hash=hashed,
            features=raw[row * width : (row + 1) * width],
            produced_at_ms=event.produced_at_ms,
            scored_at_ms=scored_at_ms,
        )
        for row, event in enumerate(events)
    ]


def iso_time(epoch_s: float) -> str:
    """Return an event time as ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

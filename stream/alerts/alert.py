"""An alert as it is raised on `alerts`."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from stream.alerts.cause import Cause
from stream.events.scored_event import ScoredEvent


class AlertReason(BaseModel):
    """One reason, for a person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    feature: str
    text: str
    contribution: float


class Alert(BaseModel):
    """The first event of a subject in a period whose score, or whose document's former financing, calls for one.

    Attributes:
        alert_id: Line, subject and start of the period, and whether it is for a document: the same event raises the
            same alert.
        occurred_at: The event's own time, ISO 8601.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    alert_id: str
    event_id: str
    line: str
    subject: str
    counterparty: str
    amount_minor: int
    currency: str
    score: float
    anomaly: float
    threshold: float
    reasons: list[AlertReason]
    weights_version: int
    initialisation_only: bool
    occurred_at: str


def alert_of(event: ScoredEvent, period_start_s: float, cause: Cause) -> Alert:
    """Return the alert that an event raises.

    Args:
        event: The scored event.
        period_start_s: Start of the subject's period, epoch seconds.
        cause: Of which it is the subject's first in the period; the score where it is the first of both.
    """
    start = datetime.fromtimestamp(period_start_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    return Alert(
        alert_id=f"{event.line}:{event.subject}:{start}{':financed-before' if cause == 'document' else ''}",
        event_id=event.event_id,
        line=event.line,
        subject=event.subject,
        counterparty=event.counterparty,
        amount_minor=event.amount_minor,
        currency=event.currency,
        score=event.score,
        anomaly=event.anomaly,
        threshold=event.threshold,
        reasons=[
            AlertReason(feature=one.feature, text=one.text, contribution=one.contribution) for one in event.reasons
        ],
        weights_version=event.weights_version,
        initialisation_only=event.initialisation_only,
        occurred_at=event.occurred_at,
    )

"""What travels on `scored-events`: the score of one event and all that explains it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from stream.events.bounds import AmountMinor, Chance, EpochMillis, EpochSeconds, Name, Version


class Reason(msgspec.Struct, frozen=True, gc=False):
    """One of the things that moved an alert: a feature and what it says, for a person."""

    feature: str
    text: str
    contribution: float


# Before the rule's name, in the feature of a reason that no score gave.
BY_MATCH = "document_match:"


class ScoredEvent(msgspec.Struct, frozen=True):
    """One scored event, as JSON for the user and for the learner.

    Attributes:
        occurred_at: Event time, ISO 8601 in UTC.
        occurred_at_s: The same, epoch seconds.
        score: Calibrated probability-like score in [0, 1].
        anomaly: How unlike the line's genuine past, in [0, 1]; needs no labels.
        initialisation_only: True where the line has no labels in its weights yet.
        weights_version: Version of the line's weights; 0 is the shared initialisation.
        threshold: The score from which the line's budget lets an alert through.
        alerted: Whether the score reached the threshold, or a rule of the line's raises an alert.
        reasons: What the ledgers found of its document; then the top three reasons of a score that reached the
            threshold.
        features: The feature vector the score was made from, base64 of float32
            little-endian; what a later label is joined to.
        produced_at_ms: When the event was produced to Kafka, epoch milliseconds.
        scored_at_ms: When it was scored, epoch milliseconds.
    """

    event_id: Name
    line: Name
    subject: Name
    counterparty: Name
    currency: Name
    occurred_at: Name
    occurred_at_s: EpochSeconds
    amount_minor: AmountMinor
    score: Chance
    anomaly: Chance
    initialisation_only: bool
    weights_version: Version
    initialisation: str
    threshold: float
    alerted: bool
    reasons: list[Reason]
    feature_hash: str
    features: bytes
    produced_at_ms: EpochMillis
    scored_at_ms: EpochMillis


def of_columns(columns: Mapping[str, Iterable[Any]]) -> list[ScoredEvent]:
    """Return events from a column for each field; one that never ends has the same for all."""
    return list(map(ScoredEvent, *(columns[name] for name in ScoredEvent.__struct_fields__)))


def encode_all(events: Sequence[ScoredEvent]) -> list[bytes]:
    """Return each event's JSON: one buffer for all costs half of one for each."""
    # No line ends within JSON: strings escape theirs.
    return _encoder.encode_lines(events).split(b"\n")[:-1]


_encoder = msgspec.json.Encoder()
encode = _encoder.encode
decode = msgspec.json.Decoder(ScoredEvent).decode

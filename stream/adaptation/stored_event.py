"""What is kept of a scored event until its label horizon has passed."""

import msgspec

from stream.events.scored_event import ScoredEvent


class StoredEvent(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The part of a `ScoredEvent` that a later label is joined to."""

    occurred_at_s: float
    subject: str
    counterparty: str
    score: float
    weights_version: int
    alerted: bool
    features: bytes
    feature_hash: str


class StoredTime(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The first field of a stored event; the others are passed over."""

    occurred_at_s: float


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(StoredEvent).decode
decode_time = msgspec.msgpack.Decoder(StoredTime).decode


def event_key(line: str, event_id: str) -> bytes:
    """Return the key of an event: its id is unique within its line only."""
    return f"{line}\0{event_id}".encode()


def stored(event: ScoredEvent) -> StoredEvent:
    """Return what is kept of `event`."""
    return StoredEvent(
        event.occurred_at_s,
        event.subject,
        event.counterparty,
        event.score,
        event.weights_version,
        event.alerted,
        event.features,
        event.feature_hash,
    )

"""What travels on `enriched-events`: events, risk updates and weights' activations.

Events and risk updates are placed by counterparty, so that what a counterparty did and
what was learnt about it arrive at the one worker that holds its state, in one order.
An activation goes to every partition: the place of a swap is part of the recorded
order, so that reading the same records again gives the same scores.

Events travel many to a record: Kafka's price, to write, fetch and check, is mostly by the record.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from stream.events.bounds import Amount, AmountMinor, EpochMillis, EpochSeconds, Name, Version
from stream.events.match_reason import MatchReason


class EnrichedEvent(msgspec.Struct, array_like=True, tag="e", frozen=True, gc=False):
    """A transaction with its subject's features.

    Attributes:
        features: The subject's part of the feature vector, float32 little-endian bytes.
        produced_at_ms: When the user's event was produced, epoch milliseconds.
    """

    event_id: Name
    line: Name
    subject: Name
    counterparty: Name
    currency: Name
    occurred_at_s: EpochSeconds
    amount_minor: AmountMinor
    amount: Amount
    produced_at_ms: EpochMillis
    features: bytes


class MatchedEvent(EnrichedEvent, array_like=True, tag="m", frozen=True, gc=False):
    """A transaction whose document was financed before.

    Attributes:
        reasons: What the ledgers found, the surest first.
    """

    reasons: list[MatchReason]


class RiskUpdate(msgspec.Struct, array_like=True, tag="r", frozen=True, gc=False):
    """A fraud label learnt (+1) or withdrawn (-1) for an event of this counterparty."""

    event_id: Name
    line: Name
    counterparty: Name
    occurred_at_s: EpochSeconds
    fraud_delta: Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)]


class WeightsActivation(msgspec.Struct, array_like=True, tag="a", frozen=True, gc=False):
    """From here on this partition scores the line with this version of its weights.

    Attributes:
        not_before_s: Event time from which it holds, for a version that no label waits
            for; 0 is at once.
    """

    line: Name
    version: Version
    not_before_s: EpochSeconds = 0.0


class EventsTogether(msgspec.Struct, array_like=True, tag="t", frozen=True, gc=False):
    """Events of one micro-batch that go to one partition, in order."""

    events: list[EnrichedEvent | MatchedEvent]


EnrichedRecord = EnrichedEvent | MatchedEvent | RiskUpdate | WeightsActivation

_MOST_BYTES = 60 << 10
"""Of events together, but for one that is larger by itself: by default a dead letter is cut at 64 kB."""

encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(EnrichedRecord | EventsTogether).decode


def key_of(one: EnrichedEvent | RiskUpdate) -> bytes:
    """Return the key that places an event or a risk update, by Kafka's default partitioner."""
    return f"{one.line}\0{one.counterparty}".encode()


def encode_together(events: Sequence[EnrichedEvent]) -> list[bytes]:
    """Return the records' values for events of one partition, in order; several where one would be too large."""
    value = encode(EventsTogether(list(events)))
    if len(value) <= _MOST_BYTES or len(events) == 1:
        return [value]
    half = len(events) // 2
    return encode_together(events[:half]) + encode_together(events[half:])


def decode(value: bytes) -> Sequence[EnrichedRecord]:
    """Return what a record's value holds, in order.

    Raises:
        msgspec.DecodeError: It is none of these.
    """
    found = _decode(value)
    return found.events if isinstance(found, EventsTogether) else (found,)

"""What travels on `enriched-events`: an event with its subject's features, or a risk update.

Both are keyed by counterparty, so that what a counterparty did and what was learnt
about it arrive at the one worker that holds its state, in one order.
"""

import msgspec


class EnrichedEvent(msgspec.Struct, array_like=True, tag="e", frozen=True, gc=False):
    """A transaction with its subject's features.

    Attributes:
        features: The subject's part of the feature vector, float32 little-endian bytes.
        produced_at_ms: When the user's event was produced, epoch milliseconds.
    """

    event_id: str
    line: str
    subject: str
    counterparty: str
    currency: str
    occurred_at_s: float
    amount_minor: int
    amount: float
    produced_at_ms: int
    features: bytes


class RiskUpdate(msgspec.Struct, array_like=True, tag="r", frozen=True, gc=False):
    """A fraud label learnt (+1) or withdrawn (-1) for an event of this counterparty."""

    event_id: str
    line: str
    counterparty: str
    occurred_at_s: float
    fraud_delta: float


EnrichedRecord = EnrichedEvent | RiskUpdate

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(EnrichedRecord).decode

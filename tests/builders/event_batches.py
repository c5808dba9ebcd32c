"""Batches of events as columns, from what a test cares about."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stream.events.event_batch import EventBatch
from stream.features.counterparty import CounterpartyBatch

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Payment:
    """One event; times are seconds after 2018-04-02, a Monday."""

    at_s: float = 0.0
    amount: float = 10.0
    event_id: str = ""
    subject: str = "card-1"
    counterparty: str = "terminal-1"
    instrument: int = 0
    place: int = 0
    latitude: float = float("nan")
    longitude: float = float("nan")


START_S = 1_522_627_200.0


def a_batch(payments: Sequence[Payment], line: str = "cards") -> EventBatch:
    """Return the payments as columns; an empty id becomes the payment's place."""
    count = len(payments)
    return EventBatch(
        event_id=[one.event_id or f"event-{at}" for at, one in enumerate(payments)],
        line=[line] * count,
        subject=[one.subject for one in payments],
        counterparty=[one.counterparty for one in payments],
        currency=["EUR"] * count,
        occurred_at_s=np.array([START_S + one.at_s for one in payments], np.float64),
        amount_minor=np.array([round(one.amount * 100) for one in payments], np.int64),
        amount=np.array([one.amount for one in payments], np.float64),
        instrument=np.array([one.instrument for one in payments], np.uint32),
        place=np.array([one.place for one in payments], np.uint32),
        latitude=np.array([one.latitude for one in payments], np.float32),
        longitude=np.array([one.longitude for one in payments], np.float32),
        produced_at_ms=np.zeros(count, np.int64),
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """One event at a counterparty, or, with a fraud delta, what was learnt of one."""

    at_s: float = 0.0
    amount: float = 10.0
    fraud_delta: float = 0.0
    counterparty: str = "terminal-1"


def a_counterparty_batch(seen: Sequence[Seen], delay_s: float = 7 * DAY_S) -> CounterpartyBatch:
    """Return what was seen as columns."""
    return CounterpartyBatch(
        line=["cards"] * len(seen),
        counterparty=[one.counterparty for one in seen],
        occurred_at_s=np.array([START_S + one.at_s for one in seen], np.float64),
        amount=np.array([one.amount for one in seen], np.float64),
        fraud_delta=np.array([one.fraud_delta for one in seen], np.float64),
        delay_s=np.full(len(seen), delay_s),
    )

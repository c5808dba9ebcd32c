"""Puts transactions into the columns that the pipelines read."""

from collections.abc import Sequence

import numpy as np

from stream.events.event_batch import EventBatch
from stream.events.roles import major_units
from stream.events.text_codes import text_codes
from stream.events.transaction import Transaction

_NAN = float("nan")


def batch_of(events: Sequence[Transaction], produced_at_ms: Sequence[int]) -> EventBatch:
    """Return transactions as columns."""
    return EventBatch(
        event_id=[one.event_id for one in events],
        line=[one.line for one in events],
        subject=[one.subject for one in events],
        counterparty=[one.counterparty for one in events],
        currency=[one.currency for one in events],
        occurred_at_s=np.array([one.occurred_at_s for one in events], np.float64),
        amount_minor=np.array([one.amount_minor for one in events], np.int64),
        amount=np.array([major_units(one.amount_minor, one.currency) for one in events], np.float64),
        instrument=text_codes([one.instrument for one in events]),
        place=text_codes([one.place for one in events]),
        latitude=np.array([_NAN if one.latitude is None else one.latitude for one in events], np.float32),
        longitude=np.array([_NAN if one.longitude is None else one.longitude for one in events], np.float32),
        produced_at_ms=np.array(produced_at_ms, np.int64),
    )

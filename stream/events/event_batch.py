"""Events as columns: what decoding and parquet reading make, and the pipelines read."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Transactions in order of arrival, one entry an event in every column.

    Attributes:
        event_id: The user's identifier of the event, unique within its line.
        line: Business line names.
        subject: Who acts (card, account, supplier).
        counterparty: The other side (terminal, merchant, buyer).
        currency: ISO 4217 codes.
        occurred_at_s: Event time, epoch seconds.
        amount_minor: Amount in minor units of the currency.
        amount: The same amount in major units, as features read it.
        instrument: CRC-32 of the instrument's text, 0 where there is none.
        place: CRC-32 of the place's text, 0 where there is none.
        latitude: Degrees, NaN where unknown.
        longitude: Degrees, NaN where unknown.
        produced_at_ms: When the event was produced to Kafka, epoch milliseconds;
            the event time where there was no Kafka.
    """

    event_id: list[str]
    line: list[str]
    subject: list[str]
    counterparty: list[str]
    currency: list[str]
    occurred_at_s: npt.NDArray[np.float64]
    amount_minor: npt.NDArray[np.int64]
    amount: npt.NDArray[np.float64]
    instrument: npt.NDArray[np.uint32]
    place: npt.NDArray[np.uint32]
    latitude: npt.NDArray[np.float32]
    longitude: npt.NDArray[np.float32]
    produced_at_ms: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.event_id)


def take_rows(batch: EventBatch, rows: npt.NDArray[np.int64]) -> EventBatch:
    """Return some rows of a batch, in the order of `rows`.

    Args:
        batch: The whole.
        rows: Row numbers, int64 [k].
    """
    chosen = rows.tolist()
    return EventBatch(
        event_id=[batch.event_id[row] for row in chosen],
        line=[batch.line[row] for row in chosen],
        subject=[batch.subject[row] for row in chosen],
        counterparty=[batch.counterparty[row] for row in chosen],
        currency=[batch.currency[row] for row in chosen],
        occurred_at_s=batch.occurred_at_s[rows],
        amount_minor=batch.amount_minor[rows],
        amount=batch.amount[rows],
        instrument=batch.instrument[rows],
        place=batch.place[rows],
        latitude=batch.latitude[rows],
        longitude=batch.longitude[rows],
        produced_at_ms=batch.produced_at_ms[rows],
    )


def in_order(parts: Sequence[tuple[EventBatch, npt.NDArray[np.int64]]]) -> EventBatch:
    """Return parts of a batch as one.

    Args:
        parts: At least one; each with where its events stand among all.
    """
    if len(parts) == 1:
        return parts[0][0]
    joined = {field.name: _joined([getattr(batch, field.name) for batch, _ in parts]) for field in fields(EventBatch)}
    return take_rows(EventBatch(**joined), np.argsort(np.concatenate([places for _, places in parts])))


def _joined(columns: list[Any]) -> Any:
    return list(chain(*columns)) if isinstance(columns[0], list) else np.concatenate(columns)

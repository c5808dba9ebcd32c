"""Feeds the demo's live events at a steady pace, and hands labels back as analysts would."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import numpy as np
from kafka import KafkaProducer

from stream.events.fraud_label import FraudLabel
from stream.events.history import History, history_records
from stream.pipelines.effects import FRAUD_LABELS

_SLICE_S = 0.05


class LiveFeed:
    """Writes events and labels to the running workers."""

    def __init__(self, producer: KafkaProducer, history: History, prefix: str) -> None:
        """Feed from `history`, in its order."""
        self._producer = producer
        self._history = history
        self._prefix = prefix
        self.labelled: list[str] = []

    def events(self, rows: Iterable[int], per_second: float, advance: Callable[[int], None]) -> None:
        """Write events at a pace, evenly."""
        chosen = np.fromiter(rows, np.int64)
        began_s = time.monotonic()
        each = max(int(per_second * _SLICE_S), 1)
        for start in range(0, len(chosen), each):
            part = chosen[start : start + each]
            for record in history_records(self._history, part):
                self._producer.send(self._prefix + record.topic, key=record.key, value=record.value)
            advance(len(part))
            time.sleep(max(began_s + (start + each) / per_second - time.monotonic(), 0.0))
        self._producer.flush()

    def label(self, row: int) -> None:
        """Write the label of one event, given now."""
        batch = self._history.batch
        label = FraudLabel(
            event_id=batch.event_id[row],
            line=batch.line[row],
            label="fraud" if self._history.label[row] == 1 else "genuine",
            source="demo",
            labelled_at=datetime.now(UTC),
        )
        self._producer.send(
            self._prefix + FRAUD_LABELS, key=label.event_id.encode(), value=label.model_dump_json().encode()
        )
        self._producer.flush()
        self.labelled.append(label.event_id)

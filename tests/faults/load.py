"""The load that a fault meets: seeded payments at a steady rate, some sent twice, and their labels."""

import random
import threading
import time

import numpy as np
from kafka import KafkaProducer

from stream.events.history import history_records, label_of
from stream.pipelines.effects import FRAUD_LABELS

_TICK_S = 0.04
_REPEATS_AMONG = 2_000
# A label is sent so many events after its own, or before.
_LABELS_WITHIN = (-40, 400)


class Load:
    """Feeds a history in a thread of its own, from a producer that waits for all replicas."""

    def __init__(self, site, history, seed, *, events_per_s=200, repeated=0.05, labelled=0.2, genuine=0.002):
        self.sent = 0
        self.labels_sent = 0
        self.repeats_sent = 0
        self._site = site
        self._history = history
        self._rate = events_per_s
        self._repeated = repeated
        self._chance = random.Random(seed)
        self._due = self._labels_due(labelled, genuine)
        self._done = threading.Event()
        self._error = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _labels_due(self, labelled, genuine):
        due = {}
        for row, label in enumerate(self._history.label.tolist()):
            if self._chance.random() < (labelled if label == 1 else genuine):
                at = max(row + self._chance.randint(*_LABELS_WITHIN), 0)
                due.setdefault(at, []).append(row)
        return due

    def start(self):
        self._thread.start()
        return self

    @property
    def finished(self):
        return not self._thread.is_alive()

    def stop(self):
        """Send what is under way and return the rows of the events and of the labels sent."""
        self._done.set()
        self._thread.join()
        if self._error is not None:
            raise self._error
        rows = np.arange(self.sent)
        return rows, sorted({row for at in range(self.sent) for row in self._due.get(at, ()) if row < self.sent})

    def abandon(self):
        """Send nothing more."""
        self._done.set()

    def _run(self):
        try:
            self._feed()
        except BaseException as error:  # noqa: BLE001 - told by `stop`
            self._error = error

    def _feed(self):
        producer = KafkaProducer(
            bootstrap_servers=self._site.broker.split(","),
            acks="all",
            linger_ms=2,
            max_block_ms=600_000,
            delivery_timeout_ms=600_000,
        )
        futures = []
        per_tick = max(int(self._rate * _TICK_S), 1)
        rows = np.arange(len(self._history.batch))
        next_s = time.monotonic()
        while not self._done.is_set() and self.sent < len(rows):
            part = rows[self.sent : self.sent + per_tick]
            repeats = part[[self._chance.random() < self._repeated for _ in part]] - self._chance.randint(
                0, _REPEATS_AMONG
            )
            futures += self._send(producer, part, repeats[repeats >= 0])
            next_s += _TICK_S
            time.sleep(max(next_s - time.monotonic(), 0))
        producer.flush()
        for future in futures:
            future.get(timeout=60)
        producer.close()

    def _send(self, producer, part, repeats):
        prefix = self._site.prefix
        sent = [
            producer.send(prefix + record.topic, key=record.key, value=record.value)
            for record in history_records(self._history, np.concatenate([part, repeats]))
        ]
        labels = [row for at in part.tolist() for row in self._due.get(at, ())]
        for row in labels:
            value = label_of(self._history, row).model_dump_json().encode()
            key = self._history.batch.event_id[row].encode()
            # One in four comes twice.
            sent += [producer.send(prefix + FRAUD_LABELS, key=key, value=value) for _ in range(1 + (row % 4 == 0))]
        self.sent += len(part)
        self.repeats_sent += len(repeats)
        self.labels_sent += len(labels)
        return sent

"""Puts history through Kafka in event-time order, each label when its delay has passed."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from kafka import KafkaProducer

from stream.events.history import History, history_records, label_of
from stream.events.history_steps import Step, steps_of
from stream.pipelines import effects
from stream.settings import Settings
from stream.transport.clients import connect_producer
from stream.transport.cluster import cluster_of
from stream.transport.drain import Drain
from stream.transport.refusals import refusals_told
from stream.transport.topics import REKEYED_SUFFIX, Topics, document_topics, line_topics


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """How history is put through.

    Attributes:
        speed: Event time over processing time; None is as fast as it goes.
        in_step: Wait, at every full hour of event time and every release of labels,
            until the stream has worked off what it was given.
        labels: Whether labels are released.
    """

    speed: float | None
    in_step: bool
    labels: bool


@dataclass(frozen=True, slots=True)
class ReplayCount:
    """What a replay wrote."""

    events: int
    labels: int
    seconds: float


class Replay:
    """Writes one history."""

    def __init__(self, settings: Settings, history: History, options: ReplayOptions) -> None:
        """Connect.

        Raises:
            BrokerUnavailableError: Kafka cannot be reached.
        """
        self._history = history
        self._options = options
        self._names = Topics(settings.topic_prefix)
        self._cluster = cluster_of(settings)
        self._producer: KafkaProducer = connect_producer(self._cluster)
        self._drain = self._make_drain(settings) if options.in_step else None
        self._events = 0
        self._labels = 0

    def _make_drain(self, settings: Settings) -> Drain:
        sources = line_topics(self._history.lines.values())
        inputs = [*sources, *(topic + REKEYED_SUFFIX for topic, rekey in sources.items() if rekey)]
        own = [
            *([effects.DOCUMENT_CLAIMS] if document_topics(self._history.lines.values()) else []),
            effects.ENRICHED_EVENTS,
            effects.ALERT_CANDIDATES,
            effects.SCORED_EVENTS,
            effects.FRAUD_LABELS,
            effects.LABELLED_EXAMPLES,
        ]
        topics = [self._names.named(topic) for topic in [*inputs, *own]]
        return Drain(self._cluster, settings.application, topics)

    def run(self, advance: Callable[[int], None]) -> ReplayCount:
        """Write all of it; `advance` is told how many events each step had."""
        began_s = time.monotonic()
        try:
            with refusals_told(self._cluster, "a permission on a topic or on the group"):
                self._write(advance, began_s)
        finally:
            self._producer.close()
            if self._drain is not None:
                self._drain.close()
        return ReplayCount(self._events, self._labels, time.monotonic() - began_s)

    def _write(self, advance: Callable[[int], None], began_s: float) -> None:
        for step in steps_of(self._history):
            self._pace(step, began_s)
            self._write_events(step.events)
            if self._options.labels and len(step.labels):
                self._work_off()
                self._write_labels(step)
            self._work_off()
            advance(len(step.events))
        self._producer.flush()

    def _pace(self, step: Step, began_s: float) -> None:
        if self._options.speed is None or not len(step.events):
            return
        first_s = self._history.batch.occurred_at_s[0]
        event_s = float(self._history.batch.occurred_at_s[step.events[0]] - first_s)
        time.sleep(max(began_s + event_s / self._options.speed - time.monotonic(), 0.0))

    def _write_events(self, rows: npt.NDArray[np.int64]) -> None:
        for record in history_records(self._history, rows):
            self._producer.send(self._names.named(record.topic), key=record.key, value=record.value)
        self._events += len(rows)

    def _write_labels(self, step: Step) -> None:
        topic = self._names.named(effects.FRAUD_LABELS)
        for row in step.labels.tolist():
            label = label_of(self._history, row)
            self._producer.send(topic, key=label.event_id.encode(), value=label.model_dump_json().encode())
        self._labels += len(step.labels)

    def _work_off(self) -> None:
        if self._drain is not None:
            self._producer.flush()
            self._drain.wait()

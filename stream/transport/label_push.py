"""Writes labels to `fraud-labels`, keyed by event so that each meets its event's score."""

from collections.abc import Iterable

from stream.events.fraud_label import FraudLabel
from stream.pipelines.effects import FRAUD_LABELS
from stream.settings import Settings
from stream.transport.clients import connect_producer
from stream.transport.topics import Topics


def push_labels(settings: Settings, labels: Iterable[FraudLabel]) -> int:
    """Write labels and wait until Kafka has them.

    Returns:
        How many were written.

    Raises:
        BrokerUnavailableError: Kafka cannot be reached.
    """
    producer = connect_producer(settings.bootstrap_servers)
    topic = Topics(settings.topic_prefix).named(FRAUD_LABELS)
    try:
        sent = [
            producer.send(topic, key=label.event_id.encode(), value=label.model_dump_json().encode())
            for label in labels
        ]
        for future in sent:
            future.get(timeout=30)
        return len(sent)
    finally:
        producer.close()

"""Writes labels to `fraud-labels`, keyed by event so that each meets its event's score."""

from collections.abc import Iterable

from kafka import KafkaProducer

from stream.events.fraud_label import FraudLabel
from stream.pipelines.effects import FRAUD_LABELS
from stream.settings import Settings
from stream.transport.clients import connect_producer
from stream.transport.cluster import cluster_of
from stream.transport.refusals import refusals_told
from stream.transport.topics import Topics


def push_labels(settings: Settings, labels: Iterable[FraudLabel]) -> int:
    """Write labels and wait until Kafka has them.

    Returns:
        How many were written.

    Raises:
        BrokerUnavailableError: Kafka cannot be reached.
        AccessRefusedError: Kafka does not take us, or not our labels.
    """
    cluster = cluster_of(settings)
    producer = connect_producer(cluster)
    topic = Topics(settings.topic_prefix).named(FRAUD_LABELS)
    try:
        with refusals_told(cluster, f"Write on topic {topic}"):
            return _push(producer, topic, labels)
    finally:
        producer.close()


def _push(producer: KafkaProducer, topic: str, labels: Iterable[FraudLabel]) -> int:
    sent = [
        producer.send(topic, key=label.event_id.encode(), value=label.model_dump_json().encode()) for label in labels
    ]
    for future in sent:
        future.get(timeout=30)
    return len(sent)

"""Asks the ledgers of all partitions about a document in hand, from their changelog."""

from kafka import KafkaConsumer

from stream.ledger.claim import Claim
from stream.ledger.fingerprint import Fingerprints
from stream.ledger.terms import Terms
from stream.metrics import Metrics
from stream.pipelines.claim_document import ClaimStep
from stream.pipelines.inquiry import Answer, answer
from stream.settings import Settings
from stream.transport.changelog import state_records
from stream.transport.clients import connect_consumer, partitions_of_topic, read_runs
from stream.transport.cluster import cluster_of
from stream.transport.refusals import refusals_told
from stream.transport.topics import CLAIM_STATE, Topics


def ask_ledgers(settings: Settings, claims: list[Claim], prints: Fingerprints) -> Answer:
    """Return what the ledgers of all workers know of a document, as of the last transactions.

    Args:
        settings: Name Kafka and the installation.
        claims: Of the document in hand.
        prints: By the installation's key.

    Raises:
        BrokerUnavailableError: Kafka cannot be reached.
        AccessRefusedError: The changelog may not be read.
        ForeshotError: There is no changelog: no line reads documents.
    """
    cluster, topic = cluster_of(settings), Topics(settings.topic_prefix).named(CLAIM_STATE)
    consumer = connect_consumer(cluster)
    try:
        with refusals_told(cluster, f"Read on topic {topic}"):
            partitions = len(partitions_of_topic(consumer, cluster, topic))
            return answer(claims, prints, partitions, lambda at: _restored(settings, consumer, topic, at, partitions))
    finally:
        consumer.close()


def _restored(settings: Settings, consumer: KafkaConsumer, topic: str, partition: int, partitions: int) -> ClaimStep:
    most, tell = settings.ledger_documents, settings.tell_financiers
    step = ClaimStep(partition, partitions, (), Terms(), most, Metrics(), tell_financiers=tell)
    for run in read_runs(consumer, topic, partition):
        step.state.restore(state_records(run))
    return step

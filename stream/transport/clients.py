"""Plain Kafka clients for commands: connected, or one clear line."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError

from stream.errors import BrokerUnavailableError, ForeshotError
from stream.logs import quiet_clients
from stream.transport.cluster import Cluster
from stream.transport.greeting import greet
from stream.transport.refusals import refusal, refusals_told

_Client = TypeVar("_Client")
_BOOTSTRAP_S = 10.0


def connect_producer(cluster: Cluster) -> KafkaProducer:
    """Return a producer that waits for all replicas.

    Raises:
        BrokerUnavailableError: Nothing answers at the address.
        AccessRefusedError: Kafka does not take us.
    """
    return _connected(cluster, KafkaProducer, acks="all", linger_ms=2)


def connect_consumer(cluster: Cluster, fetch_max_wait_ms: int = 20) -> KafkaConsumer:
    """Return a consumer of committed records, of no group, from the first record on.

    Raises:
        BrokerUnavailableError: Nothing answers at the address.
        AccessRefusedError: Kafka does not take us.
    """
    return _connected(
        cluster,
        KafkaConsumer,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=fetch_max_wait_ms,
        max_partition_fetch_bytes=16 << 20,
    )


def connect_admin(cluster: Cluster, timeout_s: float = _BOOTSTRAP_S) -> KafkaAdminClient:
    """Return an administration client.

    Raises:
        BrokerUnavailableError: Nothing answers at the address.
        AccessRefusedError: Kafka does not take us.
    """
    return _connected(cluster, KafkaAdminClient, timeout_s, request_timeout_ms=30_000)


def _connected(
    cluster: Cluster, make: Callable[..., _Client], timeout_s: float = _BOOTSTRAP_S, **options: Any
) -> _Client:
    greet(cluster)
    try:
        with quiet_clients():
            return make(**cluster.options(), bootstrap_timeout_ms=int(timeout_s * 1000), **options)
    except (KafkaError, OSError, ValueError) as error:
        raise refusal(error, cluster, cluster.addresses) or _unavailable(cluster, error) from error


def _unavailable(cluster: Cluster, error: Exception) -> BrokerUnavailableError:
    other = f"; if it speaks something else than {cluster.protocol}, set FORESHOT_SECURITY_PROTOCOL"
    return BrokerUnavailableError(
        f"no Kafka broker answers at {cluster.addresses}: {error}; start one with `foreshot broker` "
        f"or set FORESHOT_BOOTSTRAP_SERVERS{other}"
    )


def read_topic(cluster: Cluster, topic: str) -> list[ConsumerRecord]:
    """Return all committed records of a topic as it stands now, partition by partition.

    Raises:
        BrokerUnavailableError: Nothing answers at the address.
        AccessRefusedError: The topic may not be read.
        ForeshotError: There is no such topic.
    """
    consumer = connect_consumer(cluster)
    try:
        with refusals_told(cluster, f"Read on topic {topic}"):
            partitions = partitions_of_topic(consumer, cluster, topic)
            return [record for one in partitions for run in read_runs(consumer, topic, one) for record in run]
    finally:
        consumer.close()


def partitions_of_topic(consumer: KafkaConsumer, cluster: Cluster, topic: str) -> list[int]:
    """Return a topic's partitions in order.

    Raises:
        ForeshotError: There is no such topic.
    """
    partitions = consumer.partitions_for_topic(topic)
    if not partitions:
        hidden = f", or {cluster.who} lacks Read on it" if cluster.is_secured else ""
        raise ForeshotError(f"topic {topic} does not exist{hidden}; run `foreshot topics create` or start a worker")
    return sorted(partitions)


def read_runs(consumer: KafkaConsumer, topic: str, partition: int) -> Iterator[list[ConsumerRecord]]:
    """Yield all committed records of a partition as it stands now, in order, in runs."""
    tp = TopicPartition(topic, partition)
    consumer.assign([tp])
    consumer.seek_to_beginning(tp)
    end = consumer.end_offsets([tp])[tp]
    while consumer.position(tp) < end:
        for run in consumer.poll(timeout_ms=200, max_records=10_000).values():
            yield [record for record in run if record.offset < end]

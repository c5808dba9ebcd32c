"""Plain Kafka clients for commands: connected, or one clear line."""

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError

from stream.errors import BrokerUnavailableError, ForeshotError
from stream.logs import quiet_clients


def _unavailable(bootstrap_servers: str, error: Exception) -> BrokerUnavailableError:
    return BrokerUnavailableError(
        f"no Kafka broker answers at {bootstrap_servers}: {error}; start one with `foreshot broker` "
        "or set FORESHOT_BOOTSTRAP_SERVERS"
    )


def connect_producer(bootstrap_servers: str) -> KafkaProducer:
    """Return a producer that waits for all replicas.

    Raises:
        BrokerUnavailableError: Nothing answers at the address.
    """
    try:
        with quiet_clients():
            return KafkaProducer(
                bootstrap_servers=bootstrap_servers.split(","), acks="all", linger_ms=2, bootstrap_timeout_ms=10_000
            )
    except (KafkaError, OSError, ValueError) as error:
        raise _unavailable(bootstrap_servers, error) from error


def connect_consumer(bootstrap_servers: str) -> KafkaConsumer:
    """Return a consumer of committed records, of no group, from the first record on.

    Raises:
        BrokerUnavailableError: Nothing answers at the address.
    """
    try:
        with quiet_clients():
            return KafkaConsumer(
                bootstrap_servers=bootstrap_servers.split(","),
                isolation_level="read_committed",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                bootstrap_timeout_ms=10_000,
                fetch_max_wait_ms=20,
                max_partition_fetch_bytes=16 << 20,
            )
    except (KafkaError, OSError, ValueError) as error:
        raise _unavailable(bootstrap_servers, error) from error


def read_topic(bootstrap_servers: str, topic: str) -> list[ConsumerRecord]:
    """Return all committed records of a topic as it stands now, partition by partition.

    Raises:
        BrokerUnavailableError: Nothing answers at the address.
        ForeshotError: There is no such topic.
    """
    consumer = connect_consumer(bootstrap_servers)
    try:
        partitions = consumer.partitions_for_topic(topic)
        if not partitions:
            raise ForeshotError(f"topic {topic} does not exist; run `foreshot topics create` or start a worker")
        found: list[ConsumerRecord] = []
        for partition in sorted(partitions):
            tp = TopicPartition(topic, partition)
            consumer.assign([tp])
            consumer.seek_to_beginning(tp)
            end = consumer.end_offsets([tp])[tp]
            while consumer.position(tp) < end:
                for run in consumer.poll(timeout_ms=200, max_records=10_000).values():
                    found += [record for record in run if record.offset < end]
        return found
    finally:
        consumer.close()

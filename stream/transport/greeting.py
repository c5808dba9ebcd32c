"""Greets a secured cluster before any client does, so that what it refuses can be said.

The clients keep the reason to their logs, or lose it: kafka-python drops a broker's last
words when the broker hangs up right after them, aiokafka's clients say "unable to
bootstrap". One connection by hand keeps it.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError

from stream.errors import ForeshotError
from stream.logs import quiet_clients
from stream.transport.cluster import Cluster
from stream.transport.refusals import refusal

logger = logging.getLogger(__name__)


def greet(cluster: Cluster, timeout_s: float = 5.0) -> None:
    """Connect once; return when a broker takes us, or when none answers: that is told by whoever needs one.

    Raises:
        AccessRefusedError: Brokers answer, and none takes us.
    """
    if not cluster.is_secured:
        return
    refused: ForeshotError | None = None
    for server in cluster.servers:
        try:
            with quiet_clients():
                asyncio.run(_connect(cluster, server, timeout_s))
        except (KafkaError, OSError, TimeoutError) as error:
            logger.debug("broker %s: %s", server, error)
            refused = refused or refusal(error, cluster, f"broker {server}")
        else:
            return
    if refused is not None:
        raise refused


def refused_now(cluster: Cluster) -> ForeshotError | None:
    """Return why brokers do not take us any more, None where they do or do not answer; may be called within a loop."""
    with ThreadPoolExecutor(1) as aside:
        found = aside.submit(greet, cluster, 2.0).exception()
    return found if isinstance(found, ForeshotError) else None


async def _connect(cluster: Cluster, server: str, timeout_s: float) -> None:
    host, _, port = server.rpartition(":")
    options = {name: value for name, value in cluster.options().items() if name != "bootstrap_servers"}
    connection = await create_conn(host.strip("[]"), int(port), request_timeout_ms=timeout_s * 1000, **options)
    await connection.close()

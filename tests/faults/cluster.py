"""The embedded brokers, each of which can be killed, frozen and started again alone."""

import os
import signal
import time

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from stream.transport import embedded_broker
from stream.transport.embedded_broker import EmbeddedBroker

_ANSWER_S = 60.0
_AGAIN_S = 0.5


class Cluster(EmbeddedBroker):
    """One or more real brokers under fault. Number them from 0."""

    def kill(self, at):
        self._processes[at].kill()
        self._processes[at].wait()

    def freeze(self, at):
        os.kill(self._processes[at].pid, signal.SIGSTOP)

    def thaw(self, at):
        os.kill(self._processes[at].pid, signal.SIGCONT)

    def start_again(self, at):
        self._processes[at] = embedded_broker._run(
            embedded_broker._java(), embedded_broker._classpath(), self._nodes[at]
        )

    def controller(self):
        """Return which broker leads the controllers' quorum, asking again where one asked is just coming back."""
        deadline_s = time.monotonic() + _ANSWER_S
        while True:
            try:
                return self._leader()
            except (KafkaError, OSError):
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(_AGAIN_S)

    def _leader(self):
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers.split(","), bootstrap_timeout_ms=5_000)
        try:
            quorum = admin.describe_metadata_quorum()
            return int(quorum["topics"][0]["partitions"][0]["leader_id"]) - 1
        finally:
            admin.close()

    def is_whole(self):
        """Return whether every replica of every topic is in sync."""
        try:
            admin = KafkaAdminClient(bootstrap_servers=self.bootstrap_servers.split(","), bootstrap_timeout_ms=5_000)
        except (KafkaError, OSError):
            return False
        try:
            return all(
                len(partition["isr_nodes"]) == len(partition["replica_nodes"])
                for topic in admin.describe_topics()
                for partition in topic["partitions"]
            )
        except KafkaError:
            return False
        finally:
            admin.close()

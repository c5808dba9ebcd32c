import logging
import subprocess
import sys

from stream.logs import quiet_clients

CONNECT = """
from stream.errors import BrokerUnavailableError
from stream.logs import set_up_logging
from stream.transport.clients import connect_admin
from stream.transport.cluster import Cluster
set_up_logging("DEBUG")
try:
    connect_admin(Cluster.plain("127.0.0.1:1"), 0.3)
except BrokerUnavailableError as error:
    print(error)
"""


def test_a_worker_without_a_broker_says_one_line_and_its_clients_none():
    made = subprocess.run([sys.executable, "-c", CONNECT], capture_output=True, text=True)
    assert "no Kafka broker answers at 127.0.0.1:1" in made.stdout
    assert made.stderr == ""


def test_clients_speak_again_once_they_are_connected():
    kafka = logging.getLogger("kafka")
    before = kafka.level
    with quiet_clients():
        assert not kafka.getChild("net").isEnabledFor(logging.CRITICAL)
    assert kafka.level == before

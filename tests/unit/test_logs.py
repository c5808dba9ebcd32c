import logging
import subprocess
import sys

from stream.logs import SparingClients, quiet_clients

CONNECT = """
from stream.errors import BrokerUnavailableError
from stream.logs import set_up_logging
from stream.transport.topics import connect_admin
set_up_logging("DEBUG")
try:
    connect_admin("127.0.0.1:1", 0.3)
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


def test_clients_say_the_same_once_in_ten_seconds_and_then_how_often():
    sparing = SparingClients()

    def said(at_s, name="aiokafka.fetcher", node=1):
        record = logging.makeLogRecord({"name": name, "msg": "node %s is away", "args": (node,), "created": at_s})
        return record.getMessage() if sparing.filter(record) else None

    assert said(100.0) == "node 1 is away"
    assert [said(101.0, node=2), said(109.0)] == [None, None]
    assert said(102.0, "aiokafka.client") == "node 1 is away"
    assert said(111.0) == "node 1 is away (and 2 more like it)"
    assert [said(112.0, "stream.transport.app"), said(112.1, "stream.transport.app")] == ["node 1 is away"] * 2

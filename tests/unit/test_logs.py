"""Logs: one line for a person, Kafka's clients silent while they connect, and nobody's name."""

import io
import logging
import subprocess
import sys

import pytest
from kafka.errors import KafkaTimeoutError

from stream.errors import UsageError
from stream.events.pseudonym import Pseudonyms
from stream.logs import PrivateFormatter, SparingClients, quiet_clients

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


CARD = "4929123456789012"


def logged(error, pseudonyms):
    """Return what is logged of an unexpected error, as `fail` logs it and as a traceback."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(PrivateFormatter(pseudonyms))
    try:
        try:
            raise error
        except type(error) as cause:
            raise RuntimeError("while scoring") from cause
    except RuntimeError:
        record = logging.LogRecord("x", logging.CRITICAL, "", 0, "%s: %s", ("score/0", error), sys.exc_info())
        handler.emit(record)
    return handler.stream.getvalue()


@pytest.mark.parametrize(
    "error",
    [
        KeyError(CARD),
        KeyError(f"line\0{CARD}".encode()),
        ValueError(f"could not convert string to float: '{CARD}'"),
        ValueError(f"""invalid: "it's {CARD}" of many"""),
        IndexError(f"no row of {CARD} there"),
    ],
)
def test_an_unexpected_error_is_logged_without_the_value_that_it_met(error):
    said = logged(error, Pseudonyms(b"k" * 16))
    assert CARD not in said
    assert type(error).__name__ in said
    assert said.count("~") >= 2
    assert "while scoring" in said


def test_a_subject_in_an_error_has_the_pseudonym_that_it_has_elsewhere():
    pseudonyms = Pseudonyms(b"k" * 16)
    assert pseudonyms.of("ana@example.org") in logged(KeyError("ana@example.org"), pseudonyms)


@pytest.mark.parametrize("error", [UsageError("topic 'payments' is odd"), FileNotFoundError(2, "No such", "/a/file"),
                                   KafkaTimeoutError("Unable to bootstrap from ['kafka:9092']")])  # fmt: skip
def test_what_is_written_for_a_person_stays_as_it_is(error):
    assert str(error) in logged(error, Pseudonyms(b"k" * 16))


FORGED = "x\n2026-01-01 00:00:00,000 CRITICAL stream: forged\x1b[2J\u2028\x85"


def test_what_comes_from_outside_begins_no_line_of_its_own_and_moves_no_cursor():
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(PrivateFormatter(Pseudonyms(b"k" * 16)))
    handler.emit(logging.LogRecord("x", logging.ERROR, "", 0, "line %s is odd", (FORGED,), None))
    assert handler.stream.getvalue().count("\n") == 1
    assert handler.stream.getvalue().endswith(
        "x\\n2026-01-01 00:00:00,000 CRITICAL stream: forged\\x1b[2J\\u2028\\x85 is odd\n"
    )


@pytest.mark.parametrize("error", [UsageError(FORGED), ValueError(FORGED), KeyError(FORGED), OSError(FORGED)])
def test_an_errors_own_words_begin_no_line_of_the_traceback(error):
    said = logged(error, Pseudonyms(b"k" * 16))
    assert not any(line.startswith("2026-01-01") for line in said.splitlines())
    assert "\x1b" not in said
    assert "while scoring" in said


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

"""Documents of supply-chain finance on a real Kafka: past the ledgers, to their scores."""

import json
from collections import Counter
from pathlib import Path

import orjson
import pytest

from stream.events.line_file import load_lines
from stream.simulation.supply_chain.simulate import simulate_supply_chain
from stream.transport.clients import connect_producer
from stream.transport.topics import ensure_topics
from tests.builders.economy import a_mixed_line

pytestmark = [pytest.mark.broker, pytest.mark.timeout(280)]

LINES = Path(__file__).parents[1] / "lines" / "supply_chain" / "documents.yaml"
KEY = "a key of the tests' ledgers"


@pytest.fixture(scope="module")
def documents():
    lines = [a_mixed_line("factoring"), a_mixed_line("warehouse_receipts")]
    return simulate_supply_chain(lines, 120, 1).documents


@pytest.fixture
def running(installation):
    def make(prefix):
        made = installation(3, prefix, lines=LINES, ledger_key=KEY, micro_batch_records=64)
        ensure_topics(made.settings, load_lines([LINES]).values())
        return made

    return make


def send(running, documents):
    producer = connect_producer(running.cluster)
    for one in documents:
        producer.send(running.prefix + "documents", key=one["seller"]["id"].encode(), value=orjson.dumps(one))
    producer.flush()
    producer.close()


def told(running):
    """Return the matches in force, each checked to have been told and taken back in turn."""
    force = {}
    for record in running.records("document-matches"):
        match = json.loads(record.value)
        assert (record.key in force) is match["withdrawn"]
        if match["withdrawn"]:
            del force[record.key]
        else:
            force[record.key] = match
    return force


def test_one_worker_and_three_of_which_one_is_killed_tell_the_same_matches_once_and_score_each_event_once(
    running, documents, topic_prefix, free_port
):
    one, three = running(f"{topic_prefix}one-"), running(f"{topic_prefix}three-")
    one.start("alone", free_port(), "score")
    ports = [free_port() for _ in range(3)]
    for at, port in enumerate(ports):
        three.start(f"w{at}", port, "score")
    send(one, documents)
    half = len(documents) // 2
    send(three, documents[:half])
    three.wait_for(lambda: three.records("document-matches"))
    three.kill("w1")
    send(three, documents[half:])
    for installation in (one, three):
        installation.wait_for(lambda which=installation: len(which.records("scored-events")) >= len(documents))
        scored = installation.scored()
        assert Counter(event.event_id for event in scored) == Counter(one["event_id"] for one in documents)
        assert not installation.records("dead-letters")
    expected = told(one)
    assert len({match["rule"] for match in expected.values()}) >= 2
    assert told(three) == expected

"""Documents of supply-chain finance on a real Kafka: past the ledgers, to their scores."""

import json
from collections import Counter
from pathlib import Path
from urllib.request import Request, urlopen

import msgspec
import orjson
import pytest

from stream.events.line_file import load_lines
from stream.pipelines.inquiry import Answer, read_in_hand
from stream.simulation.supply_chain.simulate import simulate_supply_chain
from stream.transport.ask_ledgers import ask_ledgers
from stream.transport.clients import connect_producer
from stream.transport.topics import ensure_topics
from stream.worker_parts import fingerprints_of
from tests.builders.economy import a_mixed_line

pytestmark = [pytest.mark.broker, pytest.mark.timeout(280)]

LINES = Path(__file__).parents[1] / "lines" / "supply_chain" / "documents.yaml"
KEY = "a key of the tests' ledgers"


@pytest.fixture(scope="module")
def documents():
    lines = [a_mixed_line("factoring"), a_mixed_line("warehouse_receipts")]
    return simulate_supply_chain(lines, 120, 1).documents


@pytest.fixture
def running(installation, trade_initialisation):
    def make(prefix):
        made = installation(
            3, prefix, initialisation=trade_initialisation, lines=LINES, ledger_key=KEY, micro_batch_records=64
        )
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
    port = free_port()
    one.start("alone", port, "score")
    for at in range(3):
        three.start(f"w{at}", free_port(), "score")
    send(one, documents)
    half = len(documents) // 2
    send(three, documents[:half])
    three.wait_for(lambda: three.records("document-matches"))
    three.kill("w1")
    send(three, documents[half:])
    for installation in (one, three):
        installation.wait_for(lambda which=installation: len(which.records("scored-events")) >= len(documents), 150)
        scored = installation.scored()
        assert Counter(event.event_id for event in scored) == Counter(one["event_id"] for one in documents)
        assert not installation.records("dead-letters")
    expected = told(one)
    assert len({match["rule"] for match in expected.values()}) >= 2
    assert told(three) == expected
    pairs = [{match[side]["event_id"] for side in ("earlier", "later")} for match in expected.values()]
    reasons = {event.event_id: event.reasons[0].text for event in one.scored() if event.alerted and event.reasons}
    # Of a pair the one that came to the ledgers second says it.
    assert all(any(" was financed on " in reasons.get(name, "") for name in pair) for pair in pairs)
    one.wait_for(lambda: any(b" was financed on " in record.value for record in one.records("alerts")))
    for pair in pairs[:3]:
        assert pair <= {finding.event.event_id for name in pair for finding in known(three, port, documents, name)}


def known(running, port, documents, event_id):
    """Return what all ledgers know of a request's documents; a worker that holds them all says the same."""
    (document,) = [orjson.dumps(one) for one in documents if one["event_id"] == event_id]
    found = ask_ledgers(running.settings, read_in_hand(document), fingerprints_of(running.settings))
    asked = Request(f"http://127.0.0.1:{port}/financed", document, method="POST")
    with urlopen(asked, timeout=5) as answered:  # noqa: S310 - of this machine
        assert msgspec.json.decode(answered.read(), type=Answer) == found
    return found.findings

"""What each command needs of Kafka's authorizer; that it is enough is tested on a real one."""

import json
from collections import Counter

import pytest
from click.testing import CliRunner

from stream.commands import topics
from stream.settings import load_settings
from stream.transport.permissions import COMMANDS, permissions_of
from tests.builders.events import a_line
from tests.builders.supply_chain import a_documents_line

SETTINGS = load_settings({}, topic_prefix="p-", application="fraud")


def granted(command, line):
    found = permissions_of(command, SETTINGS, [line])
    return {(one.resource, one.name): set(one.operations) for one in found}


def test_a_line_that_is_keyed_anew_takes_one_more_topic():
    plain, anew = (granted("score", a_line(rekey=rekey)) for rekey in (False, True))
    assert {key: anew[key] for key in anew.keys() - plain.keys()} == {
        ("topic", "p-payments-rekeyed"): {"Read", "Write"},
    }
    assert granted("learn", a_line(rekey=True))["topic", "p-payments-rekeyed"] == {"Describe"}


def test_a_line_of_documents_takes_the_ledgers_topics_and_no_other_line_does():
    line = a_line(rekey=True, topic="copper-documents")
    plain, documents = (granted("score", one) for one in (line, a_documents_line()))
    assert {key: documents[key] for key in documents.keys() - plain.keys()} == {
        ("topic", "p-document-claims"): {"Read", "Write"},
        ("topic", "p-document-matches"): {"Write"},
        ("topic", "p-claim-state"): {"Read", "Write", "DescribeConfigs"},
    }
    assert plain.keys() <= documents.keys()
    assert granted("learn", a_documents_line())["topic", "p-document-claims"] == {"Describe"}
    assert granted("outputs", a_documents_line())["topic", "p-document-matches"] == {"Read"}
    assert granted("financed", a_documents_line()) == {("topic", "p-claim-state"): {"Read"}}


@pytest.mark.parametrize("line", [a_line(), a_documents_line()], ids=["cards", "documents"])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_may_do_all_or_delete_or_alter_and_each_resource_stands_once(command, line):
    found = permissions_of(command, SETTINGS, [line])
    operations = {name for one in found for name in one.operations}
    assert operations <= {"Read", "Write", "Describe", "DescribeConfigs", "Create"}
    assert set(Counter((one.resource, one.name) for one in found).values()) == {1}
    assert not any(one.name in {"", "*"} or one.resource == "cluster" for one in found)


def test_a_scorer_cannot_write_labels_weights_or_events_and_a_learner_no_scores_or_alerts():
    def written(command):
        return {name for (_, name), operations in granted(command, a_line()).items() if "Write" in operations}

    assert not written("score") & {"p-fraud-labels", "p-line-weights", "p-adaptations", "p-payments"}
    assert not written("learn") & {"p-scored-events", "p-alerts", "p-payments"}


def test_the_command_line_knows_every_command_and_prints_what_kafka_acls_takes():
    assert list(COMMANDS) == topics._OF
    words = ["permissions", "--of", "label", "--principal", "User:ana", "--lines", "tests/lines"]
    made = CliRunner().invoke(topics.command, words)
    assert made.output.split(" --add ")[1] == "--allow-principal 'User:ana' --operation Write --topic 'fraud-labels'\n"
    (one,) = json.loads(CliRunner().invoke(topics.command, [*words, "--json"]).output)
    assert one == {"resource": "topic", "name": "fraud-labels", "operations": ["Write"], "prefixed": False}

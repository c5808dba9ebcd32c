"""A real Kafka that asks who is there: what gets in, what is turned away, and what is said of it."""

import importlib.util
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stream.errors import AccessRefusedError
from stream.events.history import select_rows
from stream.events.pseudonym import Pseudonyms
from stream.events.scored_event import decode as decode_scored
from stream.settings import ENVIRONMENT_PREFIX, load_settings
from stream.transport.clients import connect_producer, read_topic
from stream.transport.cluster import cluster_of
from stream.transport.permissions import permissions_of
from stream.transport.replay import Replay, ReplayOptions
from stream.transport.topics import ensure_topics, plans

_spec = importlib.util.spec_from_file_location("secured_broker", Path(__file__).parent / "secured_broker.py")
secured_broker = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(secured_broker)

pytestmark = [pytest.mark.broker, pytest.mark.timeout(280)]
LINES = Path(__file__).parents[1] / "lines" / "small.yaml"
PLANTED = "planted-Pa55word-of-a-test"


@pytest.fixture(scope="module")
def kafka(tmp_path_factory):
    with secured_broker.SecuredBroker(tmp_path_factory.mktemp("secured")) as running:
        running.add_user("somebody", PLANTED)
        yield running


class Place:
    """One installation whose topics the administrator made, and who may do what in it."""

    def __init__(self, kafka, lines, prefix, partitions=1):
        self.kafka = kafka
        self.prefix = prefix
        self.lines = list(lines.values())
        self.own = {
            "topic_prefix": prefix,
            "application": prefix.rstrip("-"),
            "partitions": partitions,
            "lines": str(LINES),
        }
        self.admins = load_settings({}, bootstrap_servers=kafka.plain.addresses, **self.own)

    def make_topics(self):
        ensure_topics(self.admins, self.lines)
        return self

    def user(self, command, but=lambda _: False):
        """Return the settings of a user of its own with what a command needs, less what is left out."""
        name = f"{self.own['application']}-{command}"
        self.kafka.add_user(name, PLANTED)
        self.allow(f"User:{name}", command, but)
        return {**self.kafka.login(name, PLANTED), **self.own, "create_topics": "false"}

    def certificate(self, command):
        """Return the settings of the owner of a certificate with what a command needs."""
        name = f"{self.own['application']}-{command}"
        self.allow(f"User:CN={name}", command)
        return {**self.kafka.certified(self.kafka.authority.sign(name)), **self.own, "create_topics": "false"}

    def allow(self, principal, command, but=lambda _: False):
        self.kafka.allow(principal, [one for one in self.each(command) if not but(one)])

    def each(self, command):
        """Return what a command needs, one operation at a time."""
        needed = permissions_of(command, self.admins, self.lines)
        return [replace(one, operations=(name,)) for one in needed for name in one.operations]

    def records(self, topic):
        return read_topic(self.kafka.plain, self.prefix + topic)


@pytest.fixture
def place(kafka, small_lines, topic_prefix):
    return Place(kafka, small_lines, topic_prefix).make_topics()


@pytest.fixture
def worker(installation_on, free_port, tmp_path):
    """Return a starter of workers that says where each answers and where it writes."""

    def start(settings, role, name=None):
        port = free_port()
        named = {"bootstrap_servers", "partitions"}
        own = {name: value for name, value in settings.items() if name not in named}
        one = installation_on(settings["bootstrap_servers"], 1, own["topic_prefix"], **own)
        process = one.start(name or role, port, role)
        return one, process, port, tmp_path / f"{name or role}.log"

    return start


def foreshot(*words, **settings):
    environment = {ENVIRONMENT_PREFIX + name.upper(): str(value) for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "stream.cli", *words], capture_output=True, text=True, env={"PATH": "", **environment}
    )


def one_line(made):
    assert made.returncode == 1, made.stderr
    assert len(made.stderr.splitlines()) == 1, made.stderr
    assert PLANTED not in made.stderr
    return made.stderr


def test_events_are_scored_and_labels_learnt_through_tls_and_scram_with_the_least_permissions_and_nobodys_name(
    place, worker, small_history, tmp_path
):
    secret = tmp_path / "secret"
    secret.write_text(PLANTED + "\n")
    learner = {**place.user("learn"), "sasl_password_file": str(secret), "sasl_mechanism": "SCRAM-SHA-256"}
    del learner["sasl_password"]
    scorer = {**place.user("score"), "log_level": "DEBUG", "pseudonymise_subjects": True, "pseudonym_key": PLANTED}
    started = [worker(scorer, "score"), worker(learner, "learn")]
    for one, _, port, _ in started:
        one.wait_until_ready(port)
    history = select_rows(small_history, np.arange(300))
    replayer = load_settings({}, **place.user("replay"))
    ensure_topics(replayer, place.lines, permissions_of("replay", replayer, place.lines))
    Replay(replayer, history, ReplayOptions(None, in_step=True, labels=True)).run(lambda _: None)
    scored = [decode_scored(record.value) for record in place.records("scored-events")]
    assert Counter(event.event_id for event in scored) == Counter(history.batch.event_id)
    assert place.records("labelled-examples")
    made = foreshot("weights", "rollback", "small-a", "0", **place.user("rollback"))
    assert made.returncode == 0, made.stderr
    assert foreshot("weights", "list", **place.user("weights")).returncode == 0
    assert {event.subject for event in scored} == set(map(Pseudonyms(PLANTED.encode()).of, history.batch.subject))
    topics = {plan.name for plan in plans(place.admins, place.lines, {})} - {place.prefix + "small-payments"}
    told = [part for topic in topics for one in read_topic(place.kafka.plain, topic) for part in (one.key, one.value)]
    told += [text.encode() for one, _, port, log in started for text in (one.page(port, "metrics"), log.read_text())]
    for name in (PLANTED, *set(history.batch.subject)):
        assert not any(name.encode() in part for part in told if part is not None)


def test_an_event_is_scored_through_mutual_tls(place, worker, small_history):
    one, _, port, _ = worker(place.certificate("score"), "score")
    one.wait_until_ready(port)
    source = load_settings({}, **place.certificate("replay"))
    history = select_rows(small_history, np.arange(50))
    Replay(source, history, ReplayOptions(None, in_step=False, labels=False)).run(lambda _: None)
    one.wait_for(lambda: len(place.records("scored-events")) == len(history.batch))


@pytest.mark.parametrize(
    ("access", "said"),
    [
        (lambda k: k.login("somebody", "wrong"), "it does not take user somebody with this password (SCRAM-SHA-512)"),
        (lambda k: k.login("nobody", PLANTED), "FORESHOT_SASL_USERNAME and FORESHOT_SASL_PASSWORD_FILE"),
        (lambda k: k.login("somebody", "wrong", "CLEAR"), "it does not take user somebody with this password"),
        (lambda k: {**k.login("somebody", PLANTED), "ssl_ca_file": k.stranger.file}, "see FORESHOT_SSL_CA_FILE"),
        (lambda k: k.login("somebody", PLANTED, "EXPIRED"), "its certificate has expired"),
        (lambda k: k.login("somebody", PLANTED, "ELSEWHERE"), "its certificate is for another host"),
        (lambda k: k.certified(None), "it asks for this client's certificate; see FORESHOT_SSL_CERTIFICATE_FILE"),
        (lambda k: k.certified(k.stranger.sign("visitor")), "it refuses this client's certificate"),
        (lambda k: k.certified(k.authority.sign("former", expired=True)), "it refuses this client's certificate"),
        (
            lambda k: {**k.login("somebody", PLANTED, "CLEAR"), "bootstrap_servers": k.plain.addresses},
            "it takes no SASL_PLAINTEXT at this port; see FORESHOT_SECURITY_PROTOCOL",
        ),
    ],
    ids=["password", "user", "password without TLS", "authority", "expired", "host", "no certificate",
         "a stranger's certificate", "expired certificate of ours", "no login here"],
)  # fmt: skip
def test_who_is_turned_away_is_told_in_one_line_by_which_broker_and_which_setting_to_look_at(kafka, access, said):
    settings = access(kafka)
    told = one_line(foreshot("weights", "list", **settings))
    assert said in told
    assert settings["bootstrap_servers"] in told


def test_a_worker_that_is_turned_away_ends_with_one_line(place, worker):
    _, process, _, log = worker({**place.user("score"), "sasl_password": "wrong"}, "score")
    assert process.wait(60) == 1
    assert "it does not take user" in log.read_text()
    assert len(log.read_text().splitlines()) == 1


@pytest.mark.parametrize("role", ["score", "learn", "replay"])
def test_each_permission_on_a_topic_or_group_that_is_lacking_is_named_before_work_begins(place, role):
    held = load_settings({}, **place.user(role))
    needed = permissions_of(role, held, place.lines)
    ensure_topics(held, place.lines, needed)
    principal = f"User:{held.sasl_username}"
    asked = [one for one in place.each(role) if one.resource != "transactional-id"]
    assert len(asked) > 5
    for one in asked:
        place.kafka.forbid(principal, one)
        with pytest.raises(AccessRefusedError, match=rf"{one.operations[0]} on {one.resource} {one.name}[,;]"):
            ensure_topics(held, place.lines, needed)
        place.kafka.allow(principal, [one])


def test_a_transactional_id_that_is_not_permitted_ends_the_worker_with_one_line(place, worker):
    lacking = place.user("score", but=lambda one: one.name.endswith("score-"))
    _, process, _, log = worker(lacking, "score")
    assert process.wait(60) == 1
    said = log.read_text()
    assert "lacks a permission on transactional id" in said
    assert "Traceback" not in said


def test_a_password_that_is_changed_ends_a_running_worker_with_one_line_once_it_connects_again(
    kafka, worker, small_lines, topic_prefix
):
    # Two partitions, so that each of two workers keeps one.
    place = Place(kafka, small_lines, topic_prefix, partitions=2).make_topics()
    settings = place.user("score")
    one, process, port, log = worker(settings, "score")
    one.wait_until_ready(port)
    kafka.add_user(settings["sasl_username"], "another")
    # A second worker joins: the partitions are dealt anew, and the first one's producers connect.
    worker({**settings, "sasl_password": "another"}, "score", "second")
    assert process.wait(90) == 1
    said = log.read_text()
    assert "it does not take user" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("resource", ["group", "topic"])
def test_a_permission_that_is_taken_away_ends_a_running_worker_with_one_line(place, worker, resource):
    settings = place.user("score")
    one, process, port, log = worker(settings, "score")
    one.wait_until_ready(port)
    group, topic = settings["application"], place.prefix + "small-payments"
    taken = next(it for it in place.each("score") if it.name in (group, topic) and it.resource == resource)
    place.kafka.forbid(f"User:{settings['sasl_username']}", taken)
    assert process.wait(60) == 1
    said = log.read_text()
    assert f"lacks a permission on {resource} {taken.name}" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("command", "words", "lacking"),
    [
        ("label", ("label", "e1", "fraud", "--line", "small-a"), "Write on topic {}fraud-labels"),
        ("weights", ("weights", "list"), "{}line-weights does not exist, or user"),
    ],
)
def test_a_command_runs_with_its_permissions_and_names_the_one_it_lacks(place, command, words, lacking):
    settings = place.user(command, but=lambda _: True)
    assert lacking.format(place.prefix) in one_line(foreshot(*words, **settings))
    place.allow(f"User:{settings['sasl_username']}", command)
    made = foreshot(*words, **settings)
    assert made.returncode == 0, made.stderr


def test_topics_are_made_with_the_permissions_for_it_and_not_without(kafka, small_lines, topic_prefix):
    place = Place(kafka, small_lines, topic_prefix)
    settings = place.user("topics", but=lambda one: one.operations == ("Create",))
    assert "lacks Create on topic" in one_line(foreshot("topics", "create", **settings))
    place.allow(f"User:{settings['sasl_username']}", "topics")
    made = foreshot("topics", "create", **settings)
    assert made.returncode == 0, made.stderr
    assert "all topics are there" in foreshot("topics", "create", **settings).stdout


def test_a_worker_that_would_make_topics_and_may_not_see_all_is_told_how_to_do_without(place):
    held = load_settings({}, **{**place.user("score"), "create_topics": "true"})
    with pytest.raises(AccessRefusedError, match=r"may not see topic .* set FORESHOT_CREATE_TOPICS=false"):
        ensure_topics(held, place.lines, permissions_of("score", held, place.lines))


def test_a_source_may_write_events_and_no_labels(place):
    settings = load_settings({}, **place.user("source"))
    producer = connect_producer(cluster_of(settings))
    producer.send(place.prefix + "small-payments", value=b"{}").get(30)
    with pytest.raises(Exception, match="Authorization"):
        producer.send(place.prefix + "fraud-labels", value=b"{}").get(30)
    producer.close()

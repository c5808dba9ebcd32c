"""A learner signs, a scorer asks for it, and an attacker who may write `line-weights` changes no score."""

import shutil
from collections import Counter

import numpy as np
import pytest

from stream.events.enriched_event import WeightsActivation, encode
from stream.events.history import history_records, label_of
from stream.pipelines.effects import LINE_WEIGHTS, Outgoing
from stream.pipelines.live_weights import delete, publish, signed, version_key
from stream.scoring.signature import Trust, new_signer
from stream.transport.clients import connect_producer
from stream.transport.label_push import push_labels
from stream.transport.topics import ensure_topics
from stream.transport.weights_admin import read_weights, roll_back
from tests.builders.weights import weights_of_the_specification

pytestmark = [pytest.mark.broker, pytest.mark.timeout(280)]
LINE = "small-a"


@pytest.fixture
def keys(tmp_path):
    folder = tmp_path / "keys"
    folder.mkdir()
    signer = new_signer()
    files = folder / "signing.pem", folder / "trusted.pem"
    for file, content in zip(files, signer.pem(), strict=True):
        file.write_bytes(content)
    return signer, *files


@pytest.fixture
def signed_installation(installation, small_initialisation, keys, tmp_path):
    signer, private, public = keys
    initialisation = tmp_path / "signed.safetensors"
    shutil.copyfile(small_initialisation, initialisation)
    signer.sign_file(initialisation)
    return installation(1, signing_key_file=private, trusted_key_files=public, initialisation=initialisation)


class Stream:
    """Feeds history and tells what scored it."""

    def __init__(self, running, history):
        self._running = running
        self._history = history
        self._sent = 0
        self._producer = connect_producer(running.cluster)

    def feed(self, count):
        rows = np.arange(self._sent, self._sent + count)
        self._sent += count
        for record in history_records(self._history, rows):
            self._producer.send(self._running.prefix + record.topic, key=record.key, value=record.value)
        self._producer.flush()
        self._running.wait_for(lambda: len(self._running.scored()) >= self._sent)
        return [one for one in self._running.scored()[-count:] if one.line == LINE]

    def label(self, count):
        rows = np.arange(self._sent)
        line = np.array([self._history.batch.line[row] for row in rows])
        frauds = np.flatnonzero((self._history.label[rows] == 1) & (line == LINE))[:count].tolist()
        push_labels(self._running.settings, [label_of(self._history, row) for row in frauds])

    def write(self, *records):
        for one in records:
            topic = self._running.prefix + one.topic
            self._producer.send(topic, key=one.key, value=one.value, headers=list(one.headers), partition=one.partition)
        self._producer.flush()

    def close(self):
        self._producer.close()


def refusals(page):
    found = Counter()
    for line in page.splitlines():
        if line.startswith("foreshot_weights_refused_total{"):
            found[line.split('"')[1]] += int(float(line.split()[-1]))
    return found


def in_force(running):
    return next((one.version for one in read_weights(running.settings) if one.line == LINE and one.in_force), None)


def test_forged_moved_and_replayed_weights_are_refused_by_a_running_and_by_a_restarted_scorer(
    signed_installation, small_history, small_lines, keys, free_port
):
    running, signer = signed_installation, keys[0]
    ensure_topics(running.settings, small_lines.values())
    ports = {role: free_port() for role in ("score", "learn")}
    for role, port in ports.items():
        running.start(role, port, role)
    for port in ports.values():
        running.wait_until_ready(port)
    stream = Stream(running, small_history)
    stream.feed(1_500)
    stream.label(12)
    running.wait_for(lambda: (in_force(running) or 0) >= 2)
    running.leave("learn")
    version = stream.feed(400)[-1].weights_version
    assert version >= 2
    highest = max(one.version for one in read_weights(running.settings) if one.line == LINE)
    records = {record.key: record for record in running.records(LINE_WEIGHTS) if record.value}
    for record in records.values():
        Trust([signer.public]).check_record(record.key, record.value, record.headers)
    good = records[version_key(LINE, version)]

    older = publish(weights_of_the_specification(line=LINE, version=highest + 5, support_frauds=9))
    higher = version_key(LINE, highest + 6)
    by_learner = signed([publish(weights_of_the_specification(line=LINE, version=1, support_frauds=8))], signer)
    attack = [
        older,
        *signed([older], new_signer()),
        Outgoing(LINE_WEIGHTS, higher, good.value, 0, tuple(good.headers)),
        Outgoing(LINE_WEIGHTS, b"small-b\x009", good.value, 0, tuple(good.headers)),
        Outgoing(LINE_WEIGHTS, LINE.encode(), b'{"version":0,"by":"x","reason":"x","at":"x"}', 0),
        Outgoing(LINE_WEIGHTS, LINE.encode() + b"\0" + b"9" * 100, b"x", 0),
        Outgoing(LINE_WEIGHTS, b"x" * 1_000, b"x", 0),
        delete(LINE, version),
    ]
    stream.write(*attack, *by_learner)
    swap = encode(WeightsActivation(LINE, highest + 6, 0.0))
    stream.write(Outgoing("enriched-events", LINE.encode(), swap, 0))
    scored = stream.feed(200)
    assert {one.weights_version for one in scored} == {version}
    running.wait_for(lambda: refusals(running.page(ports["score"], "metrics"))["replay"] == 1)
    found = refusals(running.page(ports["score"], "metrics"))
    assert found == {"signature": 7, "key": 1, "replay": 1}
    log = (running.folder / "score.log").read_text()
    said = [line for line in log.splitlines() if "refused" in line]
    assert len(said) == 9
    assert all("go on scoring" in line for line in said)

    # A scorer that starts now reads the same topic from its beginning.
    running.leave("score")
    running.start("score", ports["score"], "score")
    running.wait_until_ready(ports["score"])
    assert {one.weights_version for one in stream.feed(200)} == {version}
    assert refusals(running.page(ports["score"], "metrics")) == found

    # Going back is still possible: what is kept was never written anew.
    kept = [one.version for one in read_weights(running.settings) if one.line == LINE and one.manifest is not None]
    roll_back(running.settings, LINE, min(kept), by="ana", reason="a test")
    assert stream.feed(200)[-1].weights_version == min(kept) < version
    stream.close()


def test_a_worker_with_an_initialisation_that_nobody_signed_ends_with_one_line(
    installation, small_initialisation, keys, free_port
):
    _, private, public = keys
    running = installation(1, signing_key_file=private, trusted_key_files=public)
    process = running.start("w", free_port(), "all")
    assert process.wait(60) == 2
    said = (running.folder / "w.log").read_text().strip().splitlines()
    assert said[-1].startswith(f"foreshot: {small_initialisation}: refused: not signed")

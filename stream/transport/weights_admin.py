"""Reads `line-weights` for a person, and puts an older version in force."""

import contextlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
from kafka import KafkaProducer

from stream.errors import UsageError, WeightsRefusedError
from stream.events.unreadable import UNREADABLE
from stream.pipelines.effects import ENRICHED_EVENTS, LINE_WEIGHTS
from stream.pipelines.live_weights import LEARNER, Activation, activate, signed, split_key, stored_weights
from stream.pipelines.taken_versions import TakenVersions
from stream.scoring.signature import Signer
from stream.scoring.weights_manifest import WeightsManifest
from stream.settings import Settings
from stream.transport.clients import connect_producer, read_topic
from stream.transport.cluster import cluster_of
from stream.transport.refusals import refusals_told
from stream.transport.topics import Topics
from stream.weights_keys import signer_of, trust_of


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """One version of a line's weights as it stands on the topic."""

    line: str
    version: int
    in_force: bool
    manifest: WeightsManifest | None
    refused: str

    def summary(self) -> dict[str, Any]:
        """Return all that is known, for JSON."""
        known = self.manifest.model_dump(mode="json") if self.manifest is not None else {"refused": self.refused}
        return {"line": self.line, "version": self.version, "in_force": self.in_force, **known}

    def row(self) -> tuple[object, ...]:
        """Return the columns of the table of versions."""
        mark = "yes" if self.in_force else ""
        if self.manifest is None:
            return self.line, self.version, mark, "", "", "", f"refused: {self.refused}"
        one = self.manifest
        return self.line, self.version, mark, one.support_frauds, one.support_genuine, one.created_at[:19], self._gate()

    def _gate(self) -> str:
        figures = self.manifest.gate if self.manifest is not None else {}
        before, now = figures.get("average_precision_current"), figures.get("average_precision_candidate")
        return "too few labels to judge" if before is None or now is None else f"{before:.3f} before, {now:.3f} now"


def read_weights(settings: Settings) -> list[KeptVersion]:
    """Return the kept versions of all lines, by line and version.

    Raises:
        BrokerUnavailableError: Kafka cannot be reached.
    """
    kept: dict[tuple[str, int], KeptVersion] = {}
    in_force: dict[str, int] = {}
    trust, taken = trust_of(settings), TakenVersions()
    for record in read_topic(cluster_of(settings), Topics(settings.topic_prefix).named(LINE_WEIGHTS)):
        line, version = split_key(record.key or b"")
        try:
            trust.check_record(record.key or b"", record.value, record.headers)
            if version is not None and record.value is not None:
                manifest = stored_weights(record.key, record.value, None).manifest
                if taken.is_new(manifest):
                    taken.take(manifest)
                    kept[line, version] = KeptVersion(line, version, False, manifest, "")
        except WeightsRefusedError as error:
            # Beside a good one of the same version workers go on with that, and it is shown.
            if version is not None:
                kept.setdefault((line, version), KeptVersion(line, version, False, None, str(error)))
            continue
        if version is not None and record.value is None:
            taken.drop(line, version)
            kept.pop((line, version), None)
        elif record.key == line.encode():
            # The newest pointer that can be read counts.
            with contextlib.suppress(*UNREADABLE):
                in_force[line] = msgspec.json.decode(record.value or b"", type=Activation).version
    found = [replace(one, in_force=one.version == in_force.get(one.line)) for one in kept.values()]
    return sorted(found, key=lambda one: (one.line, one.version))


def roll_back(settings: Settings, line: str, version: int, *, by: str, reason: str) -> None:
    """Put a kept version in force on every scoring partition.

    Version 0, the shared initialisation, is always there.

    Raises:
        UsageError: The line has no such version, or it does not fit; or the name is the learner's; or signatures are
            asked for and there is no key.
    """
    if by == LEARNER:
        raise UsageError(f"{by} is how the learner signs; say --by with another name")
    kept = {one.version: one for one in read_weights(settings) if one.line == line}
    if version != 0 and (version not in kept or kept[version].manifest is None):
        raise UsageError(f"line {line} has no usable version {version}; see `foreshot weights list --line {line}`")
    signer = signer_of(settings)
    cluster = cluster_of(settings)
    producer = connect_producer(cluster)
    names = Topics(settings.topic_prefix)
    needed = f"Write on topics {names.named(LINE_WEIGHTS)} and {names.named(ENRICHED_EVENTS)}"
    try:
        with refusals_told(cluster, needed):
            activation = Activation(version, by, reason, datetime.now(UTC).isoformat())
            _activate(producer, names, line, activation, signer)
    finally:
        producer.close()


def _activate(producer: KafkaProducer, names: Topics, line: str, activation: Activation, signer: Signer | None) -> None:
    partitions = len(producer.partitions_for(names.named(ENRICHED_EVENTS)))
    for one in signed(activate(line, activation, partitions), signer):
        topic, headers = names.named(one.topic), list(one.headers)
        producer.send(topic, key=one.key, value=one.value, headers=headers, partition=one.partition).get(30)

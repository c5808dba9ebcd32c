"""Reads `line-weights` for a person, and puts an older version in force."""

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from kafka import KafkaProducer

from stream.errors import UsageError, WeightsRefusedError
from stream.features.specification import feature_hash
from stream.pipelines.effects import ENRICHED_EVENTS, LINE_WEIGHTS
from stream.pipelines.live_weights import LEARNER, Activation, activate, split_key, stored_weights, version_key
from stream.scoring.weights_manifest import WeightsManifest
from stream.settings import Settings
from stream.transport.clients import connect_producer, read_topic
from stream.transport.cluster import cluster_of
from stream.transport.refusals import refusals_told
from stream.transport.topics import Topics


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
    stored: dict[tuple[str, int], bytes] = {}
    in_force: dict[str, int] = {}
    for record in read_topic(cluster_of(settings), Topics(settings.topic_prefix).named(LINE_WEIGHTS)):
        line, version = split_key(record.key)
        if version is None:
            # The newest pointer that can be read counts.
            with contextlib.suppress(msgspec.MsgspecError):
                in_force[line] = msgspec.json.decode(record.value or b"", type=Activation).version
        elif record.value is None:
            stored.pop((line, version), None)
        else:
            stored[line, version] = record.value
    return [_kept(line, version, value, in_force.get(line)) for (line, version), value in sorted(stored.items())]


def _kept(line: str, version: int, value: bytes, in_force: int | None) -> KeptVersion:
    try:
        manifest = stored_weights(version_key(line, version), value, feature_hash()).manifest
    except WeightsRefusedError as error:
        return KeptVersion(line, version, version == in_force, None, str(error))
    return KeptVersion(line, version, version == in_force, manifest, "")


def roll_back(settings: Settings, line: str, version: int, *, by: str, reason: str) -> None:
    """Put a kept version in force on every scoring partition.

    Version 0, the shared initialisation, is always there.

    Raises:
        UsageError: The line has no such version, or it does not fit; or the name is the learner's.
    """
    if by == LEARNER:
        raise UsageError(f"{by} is how the learner signs; say --by with another name")
    kept = {one.version: one for one in read_weights(settings) if one.line == line}
    if version != 0 and (version not in kept or kept[version].manifest is None):
        raise UsageError(f"line {line} has no usable version {version}; see `foreshot weights list --line {line}`")
    cluster = cluster_of(settings)
    producer = connect_producer(cluster)
    names = Topics(settings.topic_prefix)
    needed = f"Write on topics {names.named(LINE_WEIGHTS)} and {names.named(ENRICHED_EVENTS)}"
    try:
        with refusals_told(cluster, needed):
            _activate(producer, names, line, Activation(version, by, reason, datetime.now(UTC).isoformat()))
    finally:
        producer.close()


def _activate(producer: KafkaProducer, names: Topics, line: str, activation: Activation) -> None:
    partitions = len(producer.partitions_for(names.named(ENRICHED_EVENTS)))
    for one in activate(line, activation, partitions):
        producer.send(names.named(one.topic), key=one.key, value=one.value, partition=one.partition).get(30)

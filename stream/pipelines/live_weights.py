"""Weights as they travel on `line-weights`, and how a scorer follows them.

Key `line NUL version` holds a version's safetensors bytes; key `line` names the version
in force. The topic is compacted, so every kept version stays until it is deleted.
"""

import logging

import msgspec

from stream.errors import WeightsRefusedError
from stream.metrics import Metrics
from stream.pipelines.effects import LINE_WEIGHTS, Outgoing
from stream.scoring.line_scorers import LineScorers
from stream.scoring.line_weights import LineWeights

logger = logging.getLogger(__name__)


class Activation(msgspec.Struct, frozen=True):
    """Which version of a line's weights is in force, who said so and why."""

    version: int
    by: str
    reason: str
    at: str


def version_key(line: str, version: int) -> bytes:
    """Return the key of one version's record."""
    return f"{line}\0{version}".encode()


def publish(weights: LineWeights) -> Outgoing:
    """Return the record that stores one version."""
    manifest = weights.manifest
    return Outgoing(LINE_WEIGHTS, version_key(manifest.line, manifest.version), weights.to_bytes(), 0)


def activate(line: str, activation: Activation) -> Outgoing:
    """Return the record that puts a version in force."""
    return Outgoing(LINE_WEIGHTS, line.encode(), msgspec.json.encode(activation), 0)


def delete(line: str, version: int) -> Outgoing:
    """Return the record that forgets an old version."""
    return Outgoing(LINE_WEIGHTS, version_key(line, version), None, 0)


class LiveWeights:
    """Keeps a worker's scorers at what `line-weights` says, from the first record on."""

    def __init__(self, scorers: LineScorers, feature_hash: str, metrics: Metrics) -> None:
        """Follow into `scorers`, refusing weights made for other features."""
        self._scorers = scorers
        self._feature_hash = feature_hash
        self._metrics = metrics
        self._live = False
        self._awaited: dict[str, tuple[int, float]] = {}

    def now_live(self) -> None:
        """Say that what comes from here on is new, not history."""
        self._live = True

    def take(self, key: bytes, value: bytes | None) -> None:
        """Take one record of the topic; weights that do not fit are refused, counted and logged."""
        line, _, version = key.decode(errors="replace").partition("\0")
        try:
            if not version:
                self._activate(line, value)
            elif value is None:
                self._scorers.drop(line, int(version))
            else:
                self._scorers.put(LineWeights.from_bytes(value, self._feature_hash))
        except WeightsRefusedError as error:
            self._refuse(line, error.reason, str(error))
        except (ValueError, msgspec.MsgspecError) as error:
            self._refuse(line, "unreadable", str(error))

    def _activate(self, line: str, value: bytes | None) -> None:
        if value is None:
            return
        version = msgspec.json.decode(value, type=Activation).version
        self._scorers.activate(line, version)
        produced_ms = self._scorers.current(line).manifest.newest_label_produced_at_ms
        if self._live and produced_ms > 0:
            self._awaited[line] = (version, produced_ms / 1000)

    def _refuse(self, line: str, reason: str, detail: str) -> None:
        self._metrics.count("foreshot_weights_refused", reason=reason)
        logger.error("weights of line %s refused (%s): %s; the former weights go on scoring", line, reason, detail)

    def went_live(self, line: str, version: int) -> float | None:
        """Return when the newest label in these weights was produced, the first time they score."""
        waiting = self._awaited.get(line)
        if waiting is None or waiting[0] != version:
            return None
        del self._awaited[line]
        return waiting[1]

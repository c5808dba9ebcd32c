"""Weights as they travel on `line-weights`, and how a scorer follows them.

Key `line NUL version` holds a version's safetensors bytes; key `line` names the version
in force; key `line NUL attempt` tells the learner's next owner what was tried last. The
topic is compacted, so every kept version stays until it is deleted. When
a partition starts to score with a version is said by an activation among its own
records (`stream/events/enriched_event.py`), so that the place of a swap is recorded.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Iterable

import msgspec

from stream.adaptation.trigger import Attempt
from stream.errors import WeightsRefusedError
from stream.events.enriched_event import WeightsActivation, encode
from stream.metrics import Metrics
from stream.pipelines.effects import ENRICHED_EVENTS, LINE_WEIGHTS, Outgoing
from stream.pipelines.taken_versions import TakenVersions
from stream.scoring.line_scorers import LineScorers
from stream.scoring.line_weights import LineWeights
from stream.scoring.signature import HEADER, Signer

logger = logging.getLogger(__name__)

LEARNER = "learner"
"""Who activates what adaptation made; a person's rollback bears another name."""


_VERSION = re.compile("0|[1-9][0-9]{0,17}", re.ASCII)


class Activation(msgspec.Struct, frozen=True):
    """Which version of a line's weights is in force, who said so and why.

    Attributes:
        not_before_s: Event time from which it holds; 0 is at once.
        at: When it was decided, ISO 8601.
    """

    version: int
    by: str
    reason: str
    at: str
    not_before_s: float = 0.0


def version_key(line: str, version: int) -> bytes:
    """Return the key of one version's record."""
    return f"{line}\0{version}".encode()


def split_key(key: bytes) -> tuple[str, int | None]:
    """Return the line and the version a record's key names; no version is the pointer to the one in force."""
    line, _, version = key.decode(errors="replace").partition("\0")
    # One way to write a version, so that no two keys name the same one.
    return line, int(version) if _VERSION.fullmatch(version) else None


def attempt_key(line: str) -> bytes:
    """Return the key of the record of a line's last attempt."""
    return f"{line}\0attempt".encode()


def remember(line: str, attempt: Attempt) -> Outgoing:
    """Return the record of a line's last attempt."""
    return Outgoing(LINE_WEIGHTS, attempt_key(line), msgspec.json.encode(attempt), 0)


def stored_weights(key: bytes, value: bytes, feature_hash: str | None) -> LineWeights:
    """Return the weights of a record, for given features or for any that this release makes.

    Raises:
        WeightsRefusedError: They do not fit, or are another line's or version's than the key says.
    """
    found = LineWeights.from_bytes(value, feature_hash)
    if (found.manifest.line, found.manifest.version) != split_key(key):
        raise WeightsRefusedError(
            "key", f"they say to be version {found.manifest.version} of line {found.manifest.line}, their key does not"
        )
    return found


def publish(weights: LineWeights) -> Outgoing:
    """Return the record that stores one version."""
    manifest = weights.manifest
    return Outgoing(LINE_WEIGHTS, version_key(manifest.line, manifest.version), weights.to_bytes(), 0)


def activate(line: str, activation: Activation, partitions: int) -> list[Outgoing]:
    """Return the records that put a version in force: the pointer, and one for each scoring partition."""
    swap = encode(WeightsActivation(line, activation.version, activation.not_before_s))
    return [
        Outgoing(LINE_WEIGHTS, line.encode(), msgspec.json.encode(activation), 0),
        *(Outgoing(ENRICHED_EVENTS, line.encode(), swap, partition) for partition in range(partitions)),
    ]


def delete(line: str, version: int) -> Outgoing:
    """Return the record that forgets an old version."""
    return Outgoing(LINE_WEIGHTS, version_key(line, version), None, 0)


def signed(records: Iterable[Outgoing], signer: Signer | None) -> list[Outgoing]:
    """Return the records, those of `line-weights` with their signatures where there is a signer."""
    if signer is None:
        return list(records)
    return [
        msgspec.structs.replace(one, headers=(*one.headers, (HEADER, signer.of_record(one.key or b"", one.value))))
        if one.topic == LINE_WEIGHTS
        else one
        for one in records
    ]


async def all_there() -> None:
    """Wait for nothing: whoever feeds the weights has fed them all."""


class LiveWeights:
    """Keeps a worker's scorers at what `line-weights` holds, from the first record on."""

    def __init__(
        self,
        scorers: LineScorers,
        feature_hash: str,
        metrics: Metrics,
        caught_up: Callable[[], Awaitable[None]] = all_there,
    ) -> None:
        """Follow into `scorers`, refusing weights made for other features.

        Args:
            scorers: Changed as records are taken.
            feature_hash: Of the features that are scored.
            metrics: Where refusals are counted.
            caught_up: Waits until all that is on the topic by now was taken.
        """
        self._scorers = scorers
        self._feature_hash = feature_hash
        self._metrics = metrics
        self._caught_up = caught_up
        self._awaited: dict[str, tuple[int, float]] = {}
        self._taken = TakenVersions()

    def take(self, key: bytes, value: bytes | None) -> None:
        """Take one record of the topic; weights that do not fit are refused, counted and logged."""
        line, version = split_key(key)
        if version is None:
            return
        try:
            if value is None:
                self._scorers.drop(line, version)
                self._taken.drop(line, version)
            else:
                self._put(stored_weights(key, value, self._feature_hash))
        except WeightsRefusedError as error:
            self._metrics.count("foreshot_weights_refused", reason=error.reason)
            logger.error("weights %d of line %s refused: %s; the former ones go on scoring", version, line, error)  # noqa: TRY400 - the reason is the whole story

    def _put(self, weights: LineWeights) -> None:
        if self._taken.is_new(weights.manifest):
            self._scorers.put(weights)
            self._taken.take(weights.manifest)

    async def arrived(self, line: str, version: int) -> None:
        """Wait until a version was taken, if it is a moment behind.

        Its record was written before the activation that names it: one that is not there
        when all is taken was refused or deleted since.
        """
        if self._scorers.find(line, version) is None:
            await self._caught_up()
        scorer = self._scorers.find(line, version)
        if scorer is None or version <= self._awaited.get(line, (0, 0.0))[0]:
            return
        newest_ms = scorer.manifest.newest_label_produced_at_ms
        parent = self._scorers.find(line, scorer.manifest.parent_version)
        # Weights made anew from the same labels make none of them live.
        if newest_ms > (parent.manifest.newest_label_produced_at_ms if parent is not None else 0):
            self._awaited[line] = (version, newest_ms / 1000)

    def went_live(self, line: str, version: int) -> float | None:
        """Return when the newest label in these weights was produced, the first time they score."""
        waiting = self._awaited.get(line)
        if waiting is None or waiting[0] != version:
            return None
        self._awaited[line] = (version, -1.0) if waiting[1] > 0 else waiting
        return waiting[1] if waiting[1] > 0 else None

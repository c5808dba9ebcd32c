"""What a pipeline step asks for: records to write and records to refuse."""

from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from stream.events.decode import Rejected, SourceRecord
from stream.features.partition_state import PartitionState

ENRICHED_EVENTS = "enriched-events"
SCORED_EVENTS = "scored-events"
ALERT_CANDIDATES = "alert-candidates"
ALERTS = "alerts"
FRAUD_LABELS = "fraud-labels"
LABELLED_EXAMPLES = "labelled-examples"
LINE_WEIGHTS = "line-weights"
ADAPTATIONS = "adaptations"
DEAD_LETTERS = "dead-letters"
DOCUMENT_CLAIMS = "document-claims"
DOCUMENT_MATCHES = "document-matches"


MOST_TOGETHER = 2_048
"""So many records that wait, or events where a record holds many, go into one transaction: few cost as much."""


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """One record to write; several are made for every event, and a struct is made fastest.

    Attributes:
        topic: Name without the installation's prefix.
        partition: Where it must go; None leaves it to the key's hash.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Effects:
    """All that one micro-batch asks for; written in one transaction or not at all.

    Attributes:
        taken: How many of the records are done; None is all. The rest is asked for again.
        held: How many events or labels the records taken hold; None is one each.
    """

    outgoing: list[Outgoing] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    taken: int | None = None
    held: int | None = None


class PartitionStep(Protocol):
    """One stage's work on one partition number of its input topics."""

    @property
    def state(self) -> PartitionState | None:
        """Return what the changelog mirrors; None for a step without such state."""
        ...

    def replay_from(self, topic: str) -> int | None:
        """Return the first offset of an input that must be read again to rebuild; None for nothing."""
        ...

    def replay(self, records: list[SourceRecord]) -> None:
        """Take committed records of an input again, changing nothing but what is remembered."""
        ...

    def urgent(self, records: list[SourceRecord]) -> bool:
        """Return whether someone waits for these records; the others may wait for company."""
        ...

    async def prepare(self, records: list[SourceRecord]) -> None:
        """Wait for what these records need before they can be processed."""
        ...

    def process(self, records: list[SourceRecord]) -> Effects:
        """Take records of one input in order, all or the first of them; say what to write."""
        ...

    def committed(self) -> None:
        """Learn that the effects of the last `process` are now visible to all."""
        ...

    def close(self) -> None:
        """Let go of files; the partition moves to another worker or the worker stops."""
        ...


class StatelessReplay:
    """For steps that rebuild nothing from their inputs and hold no files."""

    def replay_from(self, topic: str) -> int | None:  # noqa: ARG002 - the protocol's signature
        """Return None: nothing is read again."""
        return None

    def replay(self, records: list[SourceRecord]) -> None:
        """Take nothing."""

    def urgent(self, records: list[SourceRecord]) -> bool:  # noqa: ARG002 - the protocol's signature
        """Return True: every record is somebody's payment."""
        return True

    async def prepare(self, records: list[SourceRecord]) -> None:
        """Wait for nothing."""

    def committed(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Hold nothing."""

"""What a stage remembers of one partition, and how it survives a restart."""

from collections.abc import Iterable
from typing import Protocol


class PartitionState(Protocol):
    """State of one input partition, mirrored by a compacted changelog.

    Every change is drained into the same transaction as the outputs it belongs
    to; after an assignment the changelog's records are handed back to `restore`.
    """

    def drain_changes(self) -> list[tuple[bytes, bytes | None]]:
        """Return (key, value) of all that changed since the last call; None deletes."""
        ...

    def restore(self, records: Iterable[tuple[bytes, bytes | None]]) -> int:
        """Take records of the changelog, oldest first; return how many were applied."""
        ...

    def size_bytes(self) -> int:
        """Return the memory the state takes."""
        ...

"""Several states of one partition under one changelog."""

from collections.abc import Iterable, Mapping

from stream.features.partition_state import PartitionState


class JoinedState:
    """Joins states by a one-byte prefix before each part's keys."""

    def __init__(self, parts: Mapping[bytes, PartitionState]) -> None:
        """Join `parts`, each under its one-byte prefix."""
        self._parts = dict(parts)

    def drain_changes(self) -> list[tuple[bytes, bytes | None]]:
        """Return all parts' changes, their keys prefixed."""
        return [(prefix + key, value) for prefix, part in self._parts.items() for key, value in part.drain_changes()]

    def restore(self, records: Iterable[tuple[bytes, bytes | None]]) -> int:
        """Hand each record to the part its prefix names; unknown prefixes are an error."""
        by_part: dict[bytes, list[tuple[bytes, bytes | None]]] = {prefix: [] for prefix in self._parts}
        for key, value in records:
            by_part[key[:1]].append((key[1:], value))
        return sum(self._parts[prefix].restore(changes) for prefix, changes in by_part.items())

    def size_bytes(self) -> int:
        """Return the memory of all parts."""
        return sum(part.size_bytes() for part in self._parts.values())

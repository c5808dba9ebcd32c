"""Which version of each line's weights one partition scores with, and which is due next."""

from collections.abc import Iterable

import msgspec


class _Entry(msgspec.Struct, array_like=True):
    version: int = 0
    due_version: int = -1
    due_s: float = 0.0


class ActiveVersions:
    """Versions by line; a `PartitionState`, since a restart must go on with the same ones."""

    def __init__(self) -> None:
        """Start with the shared initialisation, version 0, for every line."""
        self._entries: dict[str, _Entry] = {}
        self._touched: set[str] = set()
        self.due: dict[str, float] = {}

    def version(self, line: str) -> int:
        """Return the version in force, 0 for the shared initialisation."""
        entry = self._entries.get(line)
        return entry.version if entry is not None else 0

    def schedule(self, line: str, version: int, not_before_s: float) -> None:
        """Put a version in force from an event time on; a later call replaces it."""
        entry = self._entries.setdefault(line, _Entry())
        entry.due_version, entry.due_s = version, not_before_s
        self.due[line] = not_before_s
        self._touched.add(line)

    def take_due(self, line: str) -> int:
        """Put the scheduled version in force and return it."""
        entry = self._entries[line]
        del self.due[line]
        entry.version, entry.due_version = entry.due_version, -1
        self._touched.add(line)
        return entry.version

    def drain_changes(self) -> list[tuple[bytes, bytes | None]]:
        """Return the lines whose versions changed since the last call."""
        changes: list[tuple[bytes, bytes | None]] = [
            (line.encode(), msgspec.msgpack.encode(self._entries[line])) for line in sorted(self._touched)
        ]
        self._touched.clear()
        return changes

    def restore(self, records: Iterable[tuple[bytes, bytes | None]]) -> int:
        """Take versions back from the changelog."""
        count = 0
        for key, value in records:
            line = key.decode()
            entry = msgspec.msgpack.decode(value or b"", type=_Entry)
            self._entries[line] = entry
            self.due.pop(line, None)
            if entry.due_version >= 0:
                self.due[line] = entry.due_s
            count += 1
        return count

    def size_bytes(self) -> int:
        """Return about how much memory the versions take."""
        return 300 * len(self._entries)

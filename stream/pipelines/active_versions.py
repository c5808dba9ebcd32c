"""Which version of each line's weights one partition scores with."""

from collections.abc import Iterable


class ActiveVersions:
    """Versions by line; a `PartitionState`, since a restart must go on with the same ones."""

    def __init__(self) -> None:
        """Start with the shared initialisation, version 0, for every line."""
        self._versions: dict[str, int] = {}
        self._touched: set[str] = set()

    def version(self, line: str) -> int:
        """Return the version in force, 0 for the shared initialisation."""
        return self._versions.get(line, 0)

    def activate(self, line: str, version: int) -> None:
        """Put a version in force."""
        self._versions[line] = version
        self._touched.add(line)

    def drain_changes(self) -> list[tuple[bytes, bytes | None]]:
        """Return the lines whose version changed since the last call."""
        changes: list[tuple[bytes, bytes | None]] = [
            (line.encode(), str(self._versions[line]).encode()) for line in sorted(self._touched)
        ]
        self._touched.clear()
        return changes

    def restore(self, records: Iterable[tuple[bytes, bytes | None]]) -> int:
        """Take versions back from the changelog."""
        count = 0
        for key, value in records:
            self._versions[key.decode()] = int(value or b"0")
            count += 1
        return count

    def size_bytes(self) -> int:
        """Return about how much memory the versions take."""
        return 200 * len(self._versions)

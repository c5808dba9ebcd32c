"""Names of the financiers whose hashes a partition's documents hold; empty where they may not be told."""

from collections.abc import Iterable

Record = tuple[bytes, bytes | None]


class FinancierNames:
    """Names by hash, mirrored by a changelog; financiers are few and are never forgotten."""

    def __init__(self) -> None:
        """Know none."""
        self.by_hash: dict[int, str] = {}
        self._changed: list[int] = []

    def learn(self, hashed: int, name: str) -> None:
        """Remember a name."""
        if hashed not in self.by_hash:
            self.by_hash[hashed] = name
            self._changed.append(hashed)

    def drain_changes(self) -> list[Record]:
        """Return the names that came since the last call."""
        changes: list[Record] = [(one.to_bytes(8, "big"), self.by_hash[one].encode()) for one in self._changed]
        self._changed = []
        return changes

    def restore(self, records: Iterable[Record]) -> int:
        """Take names back from the changelog."""
        count = 0
        for key, value in records:
            count += 1
            if value is not None:
                self.by_hash[int.from_bytes(key, "big")] = value.decode()
        return count

    def size_bytes(self) -> int:
        """Return roughly the memory the names take."""
        return 200 * len(self.by_hash)

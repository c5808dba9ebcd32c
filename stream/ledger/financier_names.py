"""Names of the financiers whose hashes a partition's documents hold; empty where they may not be told."""

from collections.abc import Iterable

Record = tuple[bytes, bytes | None]


class FinancierNames:
    """Names by hash, mirrored by a changelog; financiers are few and are never forgotten."""

    def __init__(self, *, tell: bool = True) -> None:
        """Know none. Where they may not be told none is learnt, and those in the changelog are deleted there."""
        self.by_hash: dict[int, str] = {}
        self._tell = tell
        self._changed: dict[int, None] = {}

    def learn(self, hashed: int, name: str) -> None:
        """Remember a name."""
        if hashed not in self.by_hash and self._tell:
            self.by_hash[hashed] = name
            self._changed[hashed] = None

    def drain_changes(self) -> list[Record]:
        """Return the names that came since the last call, and those that must not stay."""
        names = {one: self.by_hash.get(one) for one in self._changed}
        self._changed = {}
        return [(one.to_bytes(8, "big"), None if name is None else name.encode()) for one, name in names.items()]

    def restore(self, records: Iterable[Record]) -> int:
        """Take names back from the changelog."""
        count = 0
        for key, value in records:
            count += 1
            hashed = int.from_bytes(key, "big")
            if value is None:
                self.by_hash.pop(hashed, None)
                self._changed.pop(hashed, None)
            elif self._tell:
                self.by_hash[hashed] = value.decode()
            else:
                self._changed[hashed] = None
        return count

    def size_bytes(self) -> int:
        """Return roughly the memory the names take."""
        return 200 * len(self.by_hash)

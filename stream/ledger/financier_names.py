"""Names of the financiers whose hashes a partition's documents hold; empty where they may not be told."""

from collections.abc import Iterable

# Real financiers are far fewer; whoever makes names up must not fill the memory.
MOST_NAMES = 65_536
Record = tuple[bytes, bytes | None]


class FinancierNames:
    """Names by hash, mirrored by a changelog; never forgotten, and none is learnt once there are `MOST_NAMES`."""

    def __init__(self, *, tell: bool = True) -> None:
        """Know none. Where they may not be told none is learnt, and those in the changelog are deleted there."""
        self.by_hash: dict[int, str] = {}
        self._tell = tell
        self._changed: dict[int, None] = {}

    def learn(self, hashed: int, name: str) -> None:
        """Remember a name."""
        if hashed not in self.by_hash and self._has_room():
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
            elif hashed in self.by_hash or self._has_room():
                self.by_hash[hashed] = value.decode()
            else:
                self._changed[hashed] = None
        return count

    def size_bytes(self) -> int:
        """Return roughly the memory the names take."""
        return 200 * len(self.by_hash)

    def _has_room(self) -> bool:
        return self._tell and len(self.by_hash) < MOST_NAMES

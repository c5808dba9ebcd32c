"""The last ids of one partition, so that what a producer sends again is not scored again.

Ids are 64-bit hashes: a new event is taken for one of the last million with a chance of
1 in 2**44. They stand in a ring in order of arrival. The ring is mirrored block by
block, and forgets a whole block of the oldest at once when one is begun anew: so the
newest record of each block is all there is to know, and what is remembered depends on
the order of the ids alone, not on batches or restarts.
"""

import struct
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from stream.errors import ForeshotError
from stream.features.recent_ids_kernel import fill_table, join_hashes, take_ids

# Line names never begin with NUL, so entities cannot meet these keys.
KEY_PREFIX = b"\0ids\0"
BLOCK = 512
BLOCKS = 2048
_FIRST_IDS = 2048
_HEAD = struct.Struct("<q")

Hashes = npt.NDArray[np.uint64]
Record = tuple[bytes, bytes | None]


class RecentIds:
    """Between `block * (blocks - 1)` and `block * blocks` ids, a million by default; 24 bytes each once it is full."""

    def __init__(self, blocks: int = BLOCKS, block: int = BLOCK) -> None:
        """Remember so many blocks of so many ids, both powers of two."""
        self._blocks = blocks
        self._block = block
        self._ring = np.zeros(min(_FIRST_IDS, blocks * block), np.uint64)
        self._table = np.zeros(2 * len(self._ring), np.uint64)
        self._taken = 0
        self._drained = 0
        self._restored: dict[int, tuple[int, bytes]] = {}

    def take(self, owners: Hashes, ids: Hashes) -> npt.NDArray[np.bool_]:
        """Return which ids are remembered already, and remember the others.

        Args:
            owners: Hashes of the ids' subjects, [n].
            ids: Hashes of the ids, unique within their subject, [n].
        """
        if self._restored:
            self._build()
        hashes, repeats = np.empty(len(ids), np.uint64), np.zeros(len(ids), np.bool_)
        join_hashes(owners, ids, hashes)
        self._make_room(self._taken + len(ids))
        self._taken = take_ids(hashes, self._ring, self._table, self._taken, self._block, repeats)
        return repeats

    def drain_changes(self) -> list[Record]:
        """Return the blocks with ids that came since the last call."""
        if self._drained == self._taken:
            return []
        last = (self._taken - 1) // self._block
        first = max(self._drained // self._block, last - self._blocks + 1)
        self._drained = self._taken
        return [(self._key(block), self._content(block)) for block in range(first, last + 1)]

    def restore(self, records: Iterable[Record]) -> int:
        """Take blocks back from the changelog, oldest first; return how many were applied.

        Raises:
            ForeshotError: A block is not one of this version.
        """
        count = 0
        for _, value in records:
            if (
                value is None
                or len(value) % _HEAD.size
                or not _HEAD.size < len(value) <= _HEAD.size * (self._block + 1)
            ):
                message = (
                    "a block of event ids in the changelog cannot be read: it was written by another version; "
                    "replay into new internal topics (set another topic prefix)"
                )
                raise ForeshotError(message)
            (block,) = _HEAD.unpack_from(value)
            self._restored[block % self._blocks] = block, value[_HEAD.size :]
            count += 1
        return count

    def size_bytes(self) -> int:
        """Return the memory of the ids."""
        return self._ring.nbytes + self._table.nbytes

    def _key(self, block: int) -> bytes:
        return KEY_PREFIX + (block % self._blocks).to_bytes(4, "big")

    def _content(self, block: int) -> bytes:
        start = block % self._blocks * self._block
        filled = min(self._taken - block * self._block, self._block)
        return _HEAD.pack(block) + self._ring[start : start + filled].astype("<u8").tobytes()

    def _make_room(self, ids: int) -> None:
        size = len(self._ring)
        while size < min(ids, self._blocks * self._block):
            size *= 2
        if size > len(self._ring):
            self._ring = np.concatenate([self._ring, np.zeros(size - len(self._ring), np.uint64)])
            self._fill()

    def _build(self) -> None:
        newest, content = max(self._restored.values())
        self._taken = self._drained = newest * self._block + len(content) // 8
        self._make_room(self._taken)
        self._ring[:] = 0
        for block, raw in self._restored.values():
            if block > newest - self._blocks:
                start = block % self._blocks * self._block
                self._ring[start : start + len(raw) // 8] = np.frombuffer(raw, "<u8")
        self._restored = {}
        self._fill()

    def _fill(self) -> None:
        self._table = np.zeros(2 * len(self._ring), np.uint64)
        fill_table(self._ring, self._table)

"""A table of entities: a key of bytes to a row of a structured array, bounded, mirrored by a changelog."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from stream.errors import ForeshotError

_FIRST_CAPACITY = 1024
_RESTORE_CHUNK = 65_536
# A dictionary's entry and two references to a key of bytes with its header.
_KEY_OVERHEAD_BYTES = 160

Record = tuple[bytes, bytes | None]


class EntityTable:
    """Rows of state by entity key, the least recently used dropped beyond a cap.

    The kernels write into `data`; `rows` says where, and which positions meet a row that
    was given to a new entity. What is evicted and when depends on the order of the keys
    alone, so the same events give the same bytes however they are cut into batches.

    Example:
        >>> table = EntityTable(np.dtype([("count", "<f8")]), max_entities=2)
        >>> rows, fresh = table.rows([b"a", b"b", b"a"])
        >>> rows.tolist(), fresh.tolist()
        ([0, 1, 0], [True, True, False])
    """

    def __init__(self, dtype: np.dtype[np.void], max_entities: int) -> None:
        """Hold at most `max_entities` rows of `dtype`."""
        if max_entities < 1:
            message = f"a table holds at least one entity, not {max_entities}"
            raise ValueError(message)
        self.dtype = dtype
        self.data: npt.NDArray[np.void] = np.zeros(min(_FIRST_CAPACITY, max_entities), dtype)
        self._max_entities = max_entities
        self._row_of: dict[bytes, int] = {}
        self._key_of: list[bytes | None] = []
        self._used_at: npt.NDArray[np.int64] = np.zeros(len(self.data), np.int64)
        self._touched: npt.NDArray[np.bool_] = np.zeros(len(self.data), np.bool_)
        self._touches: list[npt.NDArray[np.int64]] = []
        self._pending = 0
        self._uses = 0
        self._free: list[int] = []
        self._evicted: set[bytes] = set()

    def __len__(self) -> int:
        """Return the number of entities."""
        return len(self._row_of)

    def get(self, key: bytes) -> Any:
        """Return the record of an entity, None where there is none."""
        row = self._row_of.get(key)
        return None if row is None else self.data[row]

    def rows(self, keys: Sequence[bytes]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Return a row for every key, making those that are not there.

        Args:
            keys: Entities in order of arrival, repeats allowed.

        Returns:
            Rows, and where a row belongs to a new entity from that position on: its
            bytes may be a former entity's and have to be cleared first.
        """
        found = list(map(self._row_of.get, keys))
        fresh = np.zeros(len(keys), np.bool_)
        if None in found:
            self._make_missing(keys, found, fresh)
        rows = np.array(found, np.int64)
        self._note_use(rows)
        return rows, fresh

    def touch(self, rows: npt.NDArray[np.int64]) -> None:
        """Mark rows as changed since the last drain."""
        self._touched[rows] = True
        self._touches.append(rows)
        self._pending += len(rows)
        if self._pending > len(self.data):
            # Nobody drains in a backtest.
            self._touches = [np.flatnonzero(self._touched)]
            self._pending = 0

    def drain_changes(self) -> list[Record]:
        """Return (key, row bytes) of what changed, None for the evicted, the last used last.

        That order makes a restored table evict in the order this one would have.
        """
        changes: list[Record] = [(key, None) for key in sorted(self._evicted)]
        # Looking through millions of flags would cost more than all else that a batch does.
        rows = np.concatenate(self._touches) if self._touches else np.empty(0, np.int64)
        rows = rows[self._touched[rows]]
        # No two rows were used last at one time: this leaves out repeats, too.
        rows = rows[np.unique(self._used_at[rows], return_index=True)[1]]
        raw, size = whole_rows(self.data).take(rows).tobytes(), self.dtype.itemsize
        keys = map(self._key_of.__getitem__, rows.tolist())
        values = [raw[start : start + size] for start in range(0, len(raw), size)]
        changes += [(key, value) for key, value in zip(keys, values, strict=True) if key is not None]
        self._touched[rows] = False
        self._touches.clear()
        self._pending = 0
        self._evicted.clear()
        return changes

    def restore(self, records: Iterable[Record]) -> int:
        """Take rows back from the changelog, oldest first; return how many were applied.

        Raises:
            ForeshotError: A row has another size than this version's.
        """
        remaining, applied = iter(records), 0
        while chunk := list(islice(remaining, _RESTORE_CHUNK)):
            self._restore_chunk(_newest_of_each(chunk))
            applied += len(chunk)
        return applied

    def size_bytes(self) -> int:
        """Return the memory of the rows and, roughly, of the keys."""
        arrays = self.data.nbytes + self._used_at.nbytes + self._touched.nbytes
        return arrays + len(self._row_of) * _KEY_OVERHEAD_BYTES

    def _make_missing(self, keys: Sequence[bytes], found: list[int | None], fresh: npt.NDArray[np.bool_]) -> None:
        missing = [at for at, row in enumerate(found) if row is None]
        if len(self._row_of) + len(missing) > self._max_entities:
            self._make_and_evict(keys, found, fresh)
            return
        for at in missing:
            row = self._row_of.get(keys[at])
            if row is None:
                row = self._make(keys[at])
                fresh[at] = True
            found[at] = row

    def _make_and_evict(self, keys: Sequence[bytes], found: list[int | None], fresh: npt.NDArray[np.bool_]) -> None:
        noted = 0
        for at, key in enumerate(keys):
            known = found[at]
            if known is not None and self._key_of[known] == key:
                continue
            row = self._row_of.get(key)
            if row is None:
                if len(self._row_of) >= self._max_entities:
                    self._note_use(np.array(found[noted:at], np.int64))
                    noted = at
                    self._evict()
                row = self._make(key)
                fresh[at] = True
            found[at] = row

    def _make(self, key: bytes) -> int:
        if self._free:
            row = self._free.pop()
            self._key_of[row] = key
        else:
            row = len(self._key_of)
            self._key_of.append(key)
            if row >= len(self.data):
                self._grow(row + 1)
        self._row_of[key] = row
        self._evicted.discard(key)
        return row

    def _grow(self, least: int) -> None:
        capacity = min(max(2 * len(self.data), least), self._max_entities)
        self.data = _longer(self.data, capacity)
        self._used_at = _longer(self._used_at, capacity)
        self._touched = _longer(self._touched, capacity)

    def _note_use(self, rows: npt.NDArray[np.int64]) -> None:
        # An assignment through repeated indices keeps the last one.
        self._used_at[rows] = np.arange(self._uses, self._uses + len(rows))
        self._uses += len(rows)

    def _evict(self) -> None:
        # Some at once, so that finding the coldest is paid for once in many arrivals.
        count = max(1, self._max_entities // 64)
        used = np.flatnonzero([key is not None for key in self._key_of])
        coldest = used[np.argsort(self._used_at[used], kind="stable")[:count]]
        for row in coldest.tolist():
            key = self._key_of[row]
            if key is not None:
                del self._row_of[key]
                self._evicted.add(key)
            self._key_of[row] = None
            self._free.append(row)

    def _restore_chunk(self, newest: dict[bytes, bytes | None]) -> None:
        for key in [key for key, value in newest.items() if value is None]:
            self._forget(key)
        kept = {key: value for key, value in newest.items() if value is not None}
        raw, size = b"".join(kept.values()), self.dtype.itemsize
        if len(raw) != len(kept) * size or any(len(value) != size for value in kept.values()):
            message = (
                f"an entity's state in the changelog does not have the {size} bytes of this version's rows: "
                "it was written by another version; replay into new internal topics (set another topic prefix)"
            )
            raise ForeshotError(message)
        rows, _ = self.rows(list(kept))
        # Where the cap is smaller than it was, the oldest of a chunk lose their rows to the newest.
        whole_rows(self.data)[rows] = np.frombuffer(raw, whole_rows(self.data).dtype)

    def _forget(self, key: bytes) -> None:
        row = self._row_of.pop(key, None)
        if row is not None:
            self._key_of[row] = None
            self._free.append(row)
            self._touched[row] = False


def parted(records: Iterable[Record], prefix: bytes) -> tuple[list[Record], list[Record]]:
    """Return records whose keys begin with a prefix, and the others, each in order."""
    everything = list(records)
    named = [record for record in everything if record[0].startswith(prefix)]
    others = [record for record in everything if not record[0].startswith(prefix)] if named else everything
    return named, others


def whole_rows(rows: npt.NDArray[Any]) -> npt.NDArray[np.void]:
    """Return the same rows without fields: numpy copies rows that have them field by field, ten times slower."""
    return rows.view(np.dtype((np.void, rows.dtype.itemsize)))


def _longer(array: npt.NDArray[Any], length: int) -> npt.NDArray[Any]:
    # Zeros that nobody writes to take no memory; joined to an array they would.
    longer = np.zeros(length, array.dtype)
    whole_rows(longer)[: len(array)] = whole_rows(array)
    return longer


def _newest_of_each(records: list[Record]) -> dict[bytes, bytes | None]:
    newest: dict[bytes, bytes | None] = {}
    for key, value in reversed(records):
        newest.setdefault(key, value)
    return dict(reversed(newest.items()))

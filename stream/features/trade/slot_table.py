"""A table of bounded size that compiled code reads, fills and empties by itself: sets of eight slots, the coldest goes.

A key belongs to one set of slots. Where all of them are taken, the one least recently used is given to
the new key. Which one that is stands in the rows themselves, so the rows are the whole state: they
are mirrored slot by slot, need no tombstones, and a restored table goes on to the bit.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from stream.errors import ForeshotError
from stream.features.entity_state import Record, whole_rows
from stream.features.kernel import kernel

WAYS = 8
_SLOT_BYTES = 4


class Slots(NamedTuple):
    """A table as kernels see it: rows with fields `key` and `used`, an empty row, and what was changed."""

    data: npt.NDArray[np.void]
    blank: npt.NDArray[np.void]
    touched: npt.NDArray[np.bool_]


@kernel
def mix(first: Any, second: Any) -> Any:
    """Return a hash of two, never 0; it depends on their order."""
    value = np.uint64(first) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(second)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(18397679294719823053)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(14181476777654086739)
    return max(value ^ (value >> np.uint64(33)), np.uint64(1))


@kernel
def look(slots: Slots, key: Any) -> Any:
    """Return the key's slot, -1 where there is none; that it was looked for changes nothing."""
    first = np.int64(key & np.uint64(len(slots.data) // WAYS - 1)) * WAYS
    for slot in range(first, first + WAYS):
        if slots.data[slot].key == key:
            return slot
    return -1


@kernel
def take(slots: Slots, key: Any, tick: Any) -> Any:
    """Return the key's slot to be changed, made anew where there is none."""
    first = np.int64(key & np.uint64(len(slots.data) // WAYS - 1)) * WAYS
    coldest: Any = first
    for slot in range(first, first + WAYS):
        if slots.data[slot].key == key:
            slots.data[slot].used = tick
            slots.touched[slot] = True
            return slot
        if slots.data[slot].used < slots.data[coldest].used:
            coldest = slot
    slots.data[coldest] = slots.blank[0]
    slots.data[coldest].key = key
    slots.data[coldest].used = tick
    slots.touched[coldest] = True
    return coldest


class SlotTable:
    """Rows of a structured type by 64-bit keys, none 0."""

    def __init__(self, name: bytes, dtype: np.dtype[np.void], most: int) -> None:
        """Hold at most `most` rows, a power of two and at least eight; `name` begins its records' keys."""
        if most < WAYS or most & (most - 1):
            message = f"a table of slots holds a power of two of rows, at least {WAYS}, not {most}"
            raise ValueError(message)
        self._name = name
        blank = np.zeros(1, dtype)
        for field in dtype.names or ():
            if field.endswith("_or_nan"):
                blank[field] = np.nan
        # Memory is taken by the system page by page, where rows come to stand.
        self.slots = Slots(np.zeros(most, dtype), blank, np.zeros(most, np.bool_))
        self.newest_restored = 0

    def __len__(self) -> int:
        """Return the number of rows in use."""
        return int(np.count_nonzero(self.slots.data["key"]))

    def drain_changes(self) -> list[Record]:
        """Return the slots that changed since the last call, and what stands in them."""
        changed = np.flatnonzero(self.slots.touched)
        raw, size = whole_rows(self.slots.data).take(changed).tobytes(), self.slots.data.dtype.itemsize
        self.slots.touched[changed] = False
        return [
            (self._name + slot.to_bytes(_SLOT_BYTES, "big"), raw[at * size : (at + 1) * size])
            for at, slot in enumerate(changed.tolist())
        ]

    def restore(self, records: Iterable[Record]) -> int:
        """Take slots back from the changelog, oldest first; return how many were applied.

        Raises:
            ForeshotError: A row is not of this version, or of a table of another size.
        """
        data, count = self.slots.data, 0
        for key, value in records:
            slot = int.from_bytes(key[len(self._name) :], "big")
            if value is None or len(value) != data.dtype.itemsize or slot >= len(data):
                raise _misfit(self._name)
            row = np.frombuffer(value, data.dtype)[0]
            if slot // WAYS != int(row["key"]) % (len(data) // WAYS):
                raise _misfit(self._name)
            data[slot] = row
            self.newest_restored = max(self.newest_restored, int(row["used"]))
            count += 1
        return count

    def size_bytes(self) -> int:
        """Return the memory of the rows, all slots in use."""
        return self.slots.data.nbytes + self.slots.touched.nbytes


def _misfit(name: bytes) -> ForeshotError:
    return ForeshotError(
        f"a row of {name.decode()!r} in the changelog was written by another version or for a table of another size: "
        "set the former size, or replay into new internal topics (set another topic prefix)"
    )

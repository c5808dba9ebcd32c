"""The compiled part of the memory of recent ids: a ring in order of arrival beside a hash table with linear probing."""

import numpy as np
import numpy.typing as npt

from stream.features.kernel import kernel

Hashes = npt.NDArray[np.uint64]


@kernel
def join_hashes(first: Hashes, second: Hashes, joined: Hashes) -> None:
    """Fill `joined` with a hash of each pair, never 0."""
    for at in range(len(first)):
        # A product keeps the pair's order; the rest is MurmurHash3's finaliser.
        value = first[at] * np.uint64(0x9E3779B97F4A7C15) + second[at]
        value = (value ^ (value >> np.uint64(33))) * np.uint64(18397679294719823053)
        value = (value ^ (value >> np.uint64(33))) * np.uint64(14181476777654086739)
        joined[at] = max(value ^ (value >> np.uint64(33)), np.uint64(1))


@kernel
def take_ids(
    hashes: Hashes, ring: Hashes, table: Hashes, taken: int, block: int, repeats: npt.NDArray[np.bool_]
) -> int:
    """Remember each id that is not remembered, forgetting a whole block of the oldest before one is begun anew.

    Args:
        hashes: In order of arrival, none 0.
        ring: Ids in order of arrival, 0 where there is none; a power of two of `block`.
        table: The ids that are remembered, 0 in empty places; a power of two, at least half of it empty.
        taken: How many ids were remembered until now.
        block: Ids that are forgotten at once.
        repeats: Filled with whether an id is remembered already.

    Returns:
        `taken` after these.
    """
    for at in range(len(hashes)):
        place = _find(table, hashes[at])
        if table[place] != 0:
            repeats[at] = True
            continue
        slot = taken % len(ring)
        if slot % block == 0 and taken >= len(ring):
            for old in range(slot, slot + block):
                _forget(table, ring[old])
            place = _find(table, hashes[at])
        table[place] = hashes[at]
        ring[slot] = hashes[at]
        taken += 1
    return taken


@kernel
def fill_table(ids: Hashes, table: Hashes) -> None:
    """Put ids into an empty table; 0 is none."""
    for at in range(len(ids)):
        if ids[at] != 0:
            table[_find(table, ids[at])] = ids[at]


@kernel
def _find(table: Hashes, value: np.uint64) -> int:
    """Return where the id is, or the empty place where it belongs."""
    last = len(table) - 1
    place = np.int64(value & np.uint64(last))
    while table[place] != 0 and table[place] != value:
        place = (place + 1) & last
    return int(place)


@kernel
def _forget(table: Hashes, value: np.uint64) -> None:
    # Knuth, The Art of Computer Programming 3, 6.4, algorithm R: those that follow move back
    # into the gap, so that no marks of what was deleted gather.
    gap = _find(table, value)
    if value == 0 or table[gap] == 0:
        return
    last = len(table) - 1
    place = (gap + 1) & last
    while table[place] != 0:
        home = np.int64(table[place] & np.uint64(last))
        if ((place - home) & last) >= ((place - gap) & last):
            table[gap] = table[place]
            gap = place
        place = (place + 1) & last
    table[gap] = np.uint64(0)

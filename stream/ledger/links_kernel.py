"""The compiled lists through which documents are found: chains in a hash table, several to a document."""

from typing import Any

import numpy as np
import numpy.typing as npt

from stream.features.kernel import kernel
from stream.ledger.rows import NO_DAY, UNKNOWN

Links = npt.NDArray[np.uint32]
Rows = npt.NDArray[np.void]
Marks = npt.NDArray[np.uint32]

FREE = 255  # kind of a row that holds nothing
CANCELLATION = 2
NUMBER, WHOLE_NUMBER, AMOUNT = 1, 2, 3
_LOW = np.uint64(0xFFFFFFFF)


@kernel
def mix(first: Any, second: Any, kind: int) -> np.uint64:
    """Return a hash of two numbers and a kind, never 0."""
    value = (
        np.uint64(first) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(second) + np.uint64(kind) * np.uint64(0x632BE5AB)
    )
    value = (value ^ (value >> np.uint64(33))) * np.uint64(18397679294719823053)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(14181476777654086739)
    return max(value ^ (value >> np.uint64(33)), np.uint64(1))


@kernel
def number_key(row: Any, by_pair: bool) -> np.uint64:  # noqa: FBT001 - compiled
    """Return the key of the list that holds all documents of a number."""
    if by_pair:
        return mix(row.pair, row.number & _LOW, NUMBER)
    return max(row.number, np.uint64(1))


@kernel
def link_key(row: Any, marks: Any, link: Any) -> np.uint64:
    """Return the key of a document's list, 0 where it stands in none.

    By pair there are three: its number, its number without what marks it as a part, and its amount and day. By number
    there is one.
    """
    by_pair = len(marks) > 4
    if link == 0:
        return number_key(row, by_pair)
    if row.kind == CANCELLATION:
        return np.uint64(0)
    if link == 1:
        return mix(row.pair, marks[0], WHOLE_NUMBER) if marks[0] != 0 else np.uint64(0)
    if row.amount_minor == UNKNOWN or row.issue_day == NO_DAY:
        return np.uint64(0)
    money = mix(row.pair, np.uint64(row.amount_minor) * np.uint64(32768) + np.uint64(row.currency), AMOUNT)
    return mix(money, np.uint64(np.int64(row.issue_day)), AMOUNT)


@kernel
def slot_of(heads: Links, key: np.uint64) -> int:
    """Return where a list begins; the heads are a power of two."""
    return int(key & np.uint64(len(heads) - 1))


@kernel
def join_lists(heads: Links, nexts: Links, rows: Rows, marks: Marks, at: int) -> None:
    """Put a document at the head of its lists."""
    links = len(nexts) // len(rows)
    for link in range(links):
        key = link_key(rows[at], marks[at], link)
        if key != 0:
            slot = slot_of(heads, key)
            nexts[at * links + link] = heads[slot]
            heads[slot] = at * links + link + 1


@kernel
def leave_lists(heads: Links, nexts: Links, rows: Rows, marks: Marks, at: int) -> None:
    """Take a document out of its lists and free its row."""
    links = len(nexts) // len(rows)
    for link in range(links):
        key = link_key(rows[at], marks[at], link)
        if key == 0:
            continue
        slot, own = slot_of(heads, key), at * links + link + 1
        if heads[slot] == own:
            heads[slot] = nexts[own - 1]
            continue
        place = heads[slot]
        while nexts[place - 1] != own:
            place = nexts[place - 1]
        nexts[place - 1] = nexts[own - 1]
    rows[at].kind = FREE


@kernel
def leave_all_lists(heads: Links, nexts: Links, rows: Rows, marks: Marks, places: npt.NDArray[np.int64]) -> None:
    """Take documents out of their lists and free their rows."""
    for at in places:
        leave_lists(heads, nexts, rows, marks, at)


@kernel
def fill_lists(heads: Links, nexts: Links, rows: Rows, marks: Marks, count: int) -> None:
    """Build all lists anew; `heads` is all 0."""
    for at in range(count):
        if rows[at].kind != FREE:
            join_lists(heads, nexts, rows, marks, at)


@kernel
def find_list(
    heads: Links,
    nexts: Links,
    rows: Rows,
    marks: Marks,
    key: np.uint64,
    link_from: int,
    link_to: int,
    found: Any,
    count: int,
) -> int:
    """Add to `found` the documents of one list, as far as there is room and they are not there; return how many are.

    A document stands in the list by a link from `link_from` to before `link_to`.
    """
    links = len(nexts) // len(rows)
    place = np.int64(heads[slot_of(heads, key)])
    while place != 0 and count < len(found):
        at, link = (place - 1) // links, (place - 1) % links
        if link_from <= link < link_to and link_key(rows[at], marks[at], link) == key:
            known = False
            for before in range(count):
                if found[before] == at:
                    known = True
                    break
            if not known:
                found[count] = at
                count += 1
        place = np.int64(nexts[place - 1])
    return count

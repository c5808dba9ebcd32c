"""The documents of one partition that came by one route, and which pairs of them are one financed twice."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stream.errors import ForeshotError
from stream.ledger.change_kernel import CHANGE_WIDTH, MOST_CHANGES, put_back, take_documents, take_out
from stream.ledger.expiry import expiry_days, least_places
from stream.ledger.fingerprint import Documents
from stream.ledger.links_kernel import FREE, fill_lists, leave_all_lists
from stream.ledger.rows import LINKS, MARKS, ROW, Route
from stream.ledger.rules import Rule
from stream.ledger.terms import Terms

_FIRST_ROWS = _FIRST_HEADS = 1024
_GROWTH = 16  # each time by a sixteenth, so that little lies idle
_DAY_S = 86_400.0
_NEVER = 2**62
# In a flood of one document, those beyond are not looked at.
MOST_MET = 512
_WATERMARK = b"\0newest"
_NEWEST = struct.Struct("<d")
_KEY = np.dtype([
    ("event0", ">u8"), ("event1", ">u8"), ("event2", ">u8"), ("position", ">u2"), ("kind", "u1"), ("pair", ">u8"),
    ("number", ">u8"),
])  # fmt: skip

Record = tuple[bytes, bytes | None]
Rows = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Change:
    """A pair that is reported now, or was and is no longer.

    Attributes:
        by: Which of the documents taken it is by.
        key: Names the pair: the keys of both, the earlier one's first.
        earlier: Row of the earlier event, dtype ROW, [1].
        later: Row of the later one, [1].
        rule: What they have in common.
        withdrawn: Whether a cancellation that came late took the report back.
    """

    by: int
    key: bytes
    earlier: Rows
    later: Rows
    rule: Rule
    withdrawn: bool


class Ledger:
    """Documents by one route, mirrored by a changelog, forgotten by event time.

    Which pairs are in force (reported and not withdrawn) depends on the documents alone, not on their order, on
    batches or on restarts, as long as none comes later than the terms allow.
    """

    def __init__(self, route: Route, terms: Terms, max_documents: int = 5_000_000) -> None:
        """Hold at most `max_documents`; beyond, those that would be forgotten soonest are."""
        self._route = route
        self._terms = terms
        self._periods = terms.as_array()
        self._max = max_documents
        self._rows: Rows = np.zeros(0, ROW)
        self._marks: npt.NDArray[np.uint32] = np.zeros((0, MARKS[route]), np.uint32)
        self._nexts: npt.NDArray[np.uint32] = np.zeros(0, np.uint32)
        self._heads: npt.NDArray[np.uint32] = np.zeros(_FIRST_HEADS, np.uint32)
        self._free: list[int] = []
        self._filled = 0
        self._newest_s = -np.inf
        self._swept_day = -(2**40)
        self._changed: dict[bytes, bytes | None] = {}
        self._scratch = np.zeros((2, MOST_MET), np.int64)
        self._changes = np.zeros((2 * MOST_CHANGES, CHANGE_WIDTH), np.int64)

    def __len__(self) -> int:
        """Return how many documents are remembered."""
        return self._filled - len(self._free)

    def take(self, documents: Documents) -> list[Change]:
        """Remember documents in order and say what each changes; what was taken before changes nothing."""
        found: list[Change] = []
        times_s, done = documents.rows["occurred_at_s"], 0
        while done < len(documents):
            self._move_on(float(times_s[done]))
            if len(self) >= self._max:
                self._drop_soonest()
            end = self._end_of_day(times_s[: done + self._max - len(self)], done)
            done += self._take(documents, done, end, found, keep=True)
        return found

    def ask(self, documents: Documents) -> list[Change]:
        """Return what each of the documents would change by itself, and remember none."""
        found: list[Change] = []
        for at in range(len(documents)):
            self._take(documents, at, at + 1, found, keep=False)
        return found

    def drain_changes(self) -> list[Record]:
        """Return the documents that came or were forgotten since the last call."""
        if not self._changed:
            return []
        changes = [(_WATERMARK, _NEWEST.pack(self._newest_s)), *self._changed.items()]
        self._changed = {}
        return changes

    def restore(self, records: Iterable[Record]) -> int:
        """Take documents back from the changelog, oldest first, in as many runs as it comes; return how many records.

        Raises:
            ForeshotError: A record has another size than this version's.
        """
        newest: dict[bytes, bytes | None] = {}
        count = 0
        for key, value in records:
            newest[key] = value
            count += 1
        if (moment := newest.pop(_WATERMARK, None)) is not None:
            self._newest_s = max(self._newest_s, *_NEWEST.unpack(moment))
        self._take_out([key for key, value in newest.items() if value is None])
        self._put_back([value for value in newest.values() if value is not None])
        return count

    def size_bytes(self) -> int:
        """Return the memory the documents take."""
        return self._rows.nbytes + self._marks.nbytes + self._nexts.nbytes + self._heads.nbytes

    def _take(self, documents: Documents, start: int, end: int, found: list[Change], *, keep: bool) -> int:
        rows, marks = documents.rows[start:end], documents.marks[start:end]
        places = self._places(end - start)
        done, count = take_documents(
            self._heads,
            self._nexts,
            self._rows,
            self._marks,
            rows,
            marks,
            places,
            self._periods,
            self._scratch,
            self._changes,
            keep,
        )
        found += self._told(self._changes[:count], start)
        used = places[:done][places[:done] >= 0] if keep else places[:0]
        if keep:
            kept = places[:done] >= 0
            self._newest_s = max(self._newest_s, float(rows["occurred_at_s"][:done].max()))
            self._note(rows[:done][kept], marks[:done][kept])
        else:
            self._rows["kind"][places[places >= 0]] = FREE
        self._give_back(places, used)
        return int(done)

    def _told(self, changes: npt.NDArray[np.int64], start: int) -> list[Change]:
        if not len(changes):
            return []
        # All at once: a flood of one document has hundreds for each newcomer.
        firsts, lasts = self._rows[changes[:, 0]], self._rows[changes[:, 1]]
        keys = [first + last for first, last in zip(keys_of(firsts), keys_of(lasts), strict=True)]
        told = [
            Change(start + by, keys[at], firsts[at : at + 1], lasts[at : at + 1], Rule(rule), sign < 0)
            for at, (rule, sign, by) in enumerate(changes[:, 2:].tolist())
        ]
        return sorted(told, key=lambda one: (one.by, one.key))

    def _note(self, rows: Rows, marks: npt.NDArray[np.uint32]) -> None:
        raw, raw_marks = rows.tobytes(), marks.astype("<u4").tobytes()
        width, marks_width = ROW.itemsize, 4 * MARKS[self._route]
        for at, key in enumerate(keys_of(rows)):
            row = raw[at * width : (at + 1) * width]
            self._changed[key] = row + raw_marks[at * marks_width : (at + 1) * marks_width]

    def _places(self, count: int) -> npt.NDArray[np.int64]:
        reused = [self._free.pop() for _ in range(min(count, len(self._free)))]
        new = range(self._filled, self._filled + count - len(reused))
        self._make_room(new.stop)
        self._filled = new.stop
        return np.array([*reused, *new], np.int64)

    def _give_back(self, places: npt.NDArray[np.int64], used: npt.NDArray[np.int64]) -> None:
        # Places that were not needed are told as -1 - place.
        kept = set(used.tolist())
        given = (-1 - place if place < 0 else place for place in places.tolist())
        self._free += [place for place in given if place not in kept]

    def _make_room(self, count: int) -> None:
        if count > len(self._rows):
            size = max(_FIRST_ROWS, count + count // _GROWTH)
            added, links = size - len(self._rows), LINKS[self._route]
            empty = np.zeros(added, ROW)
            empty["kind"] = FREE
            self._rows = np.concatenate([self._rows, empty])
            self._marks = np.concatenate([self._marks, np.zeros((added, MARKS[self._route]), np.uint32)])
            self._nexts = np.concatenate([self._nexts, np.zeros(added * links, np.uint32)])
        if count * LINKS[self._route] > 2 * len(self._heads):
            self._fill(count)

    def _fill(self, count: int) -> None:
        heads = len(self._heads)
        while count * LINKS[self._route] > 2 * heads:
            heads *= 2
        self._heads = np.zeros(heads, np.uint32)
        fill_lists(self._heads, self._nexts, self._rows, self._marks, self._filled)

    def _put_back(self, values: list[bytes]) -> None:
        width, marks = ROW.itemsize, MARKS[self._route]
        if any(len(value) != width + 4 * marks for value in values):
            message = (
                "a document in the changelog does not have the size of this version's: it was written by another "
                "version; replay into new internal topics (set another topic prefix)"
            )
            raise ForeshotError(message)
        rows = np.frombuffer(b"".join(value[:width] for value in values), ROW)
        of_rows = np.frombuffer(b"".join(value[width:] for value in values), "<u4").reshape(len(values), marks)
        places = self._places(len(values))
        put_back(self._heads, self._nexts, self._rows, self._marks, rows, of_rows, places)
        self._free += (-1 - places[places < 0]).tolist()

    def _take_out(self, keys: list[bytes]) -> None:
        told = np.frombuffer(b"".join(keys), _KEY)
        rows, places = np.zeros(len(keys), ROW), np.zeros(len(keys), np.int64)
        for name in _KEY.names or ():
            rows[name] = told[name]
        take_out(self._heads, self._nexts, self._rows, self._marks, rows, places)
        self._free += places[places >= 0].tolist()

    def _end_of_day(self, times_s: npt.NDArray[np.float64], start: int) -> int:
        later = np.flatnonzero(times_s[start:] >= (self._swept_day + 1) * _DAY_S)
        return start + int(later[0]) if len(later) else len(times_s)

    def _move_on(self, occurred_at_s: float) -> None:
        day = int(max(self._newest_s, occurred_at_s) // _DAY_S)
        if day > self._swept_day:
            self._swept_day = day
            expiries = expiry_days(self._rows[: self._filled], self._terms)
            self._forget(np.flatnonzero(expiries < day - self._terms.lateness_days))

    def _drop_soonest(self) -> None:
        # Some at once, so that finding them is paid for once in many arrivals.
        rows = self._rows[: self._filled]
        expiries = expiry_days(rows, self._terms)
        expiries[rows["kind"] == FREE] = _NEVER
        count = min(max(1, self._max // 64), len(self))
        self._forget(least_places([expiries, *(rows[name] for name in _KEY.names or ())], count))

    def _forget(self, places: npt.NDArray[np.intp]) -> None:
        held = places[self._rows["kind"][places] != FREE]
        self._changed.update(dict.fromkeys(keys_of(self._rows[held])))
        leave_all_lists(self._heads, self._nexts, self._rows, self._marks, held)
        self._free += held.tolist()


def keys_of(rows: Rows) -> list[bytes]:
    """Return the changelog's key of each document: its event, its place there, and what it is."""
    keys = np.zeros(len(rows), _KEY)
    for name in _KEY.names or ():
        keys[name] = rows[name]
    raw, size = keys.tobytes(), _KEY.itemsize
    return [raw[at : at + size] for at in range(0, len(raw), size)]

"""The documents of one partition that came by one route, and which pairs of them are one financed twice."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stream.errors import ForeshotError
from stream.ledger.change_kernel import CHANGE_WIDTH, changes_by, find_repeat
from stream.ledger.expiry import expiry_days
from stream.ledger.fingerprint import Fingerprint
from stream.ledger.links_kernel import FREE, fill_lists, join_lists, leave_lists
from stream.ledger.rows import LINKS, MARKS, ROW, Route
from stream.ledger.rules import Rule
from stream.ledger.terms import Terms

_FIRST_ROWS = 1024
_FIRST_HEADS = 1024
_GROWTH = 16  # each time by a sixteenth, so that little lies idle
_DAY_S = 86_400.0
# In a flood of one document, those beyond are not looked at.
MOST_MET = 512
_MOST_CHANGES = 4096
_WATERMARK = b"\0newest"
_NEWEST = struct.Struct("<d")

Record = tuple[bytes, bytes | None]


@dataclass(frozen=True, slots=True)
class Change:
    """A pair that is reported now, or was and is no longer.

    Attributes:
        earlier: Row of the earlier event, dtype ROW.
        later: Row of the later one.
        rule: What they have in common.
        withdrawn: Whether a cancellation that came late took the report back.
    """

    earlier: np.void
    later: np.void
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
        self._rows: npt.NDArray[np.void] = np.zeros(0, ROW)
        self._marks: npt.NDArray[np.uint32] = np.zeros((0, MARKS[route]), np.uint32)
        self._nexts: npt.NDArray[np.uint32] = np.zeros(0, np.uint32)
        self._heads: npt.NDArray[np.uint32] = np.zeros(_FIRST_HEADS, np.uint32)
        self._free: list[int] = []
        self._filled = 0
        self._newest_s = -np.inf
        self._swept_day = -(2**62)
        self._changed: dict[bytes, bytes | None] = {}
        self._group, self._found = np.zeros(MOST_MET, np.int64), np.zeros(MOST_MET, np.int64)
        self._changes = np.zeros((_MOST_CHANGES, CHANGE_WIDTH), np.int64)
        self._make_room(1)

    def __len__(self) -> int:
        """Return how many documents are remembered."""
        return self._filled - len(self._free)

    def take(self, fingerprint: Fingerprint) -> list[Change]:
        """Remember a document and return what it changes; what was taken before changes nothing."""
        row = fingerprint.row[0]
        self._move_on(float(row["occurred_at_s"]))
        if find_repeat(self._heads, self._nexts, self._rows, self._marks, row) >= 0:
            return []
        if len(self) >= self._max:
            self._drop_soonest()
        at = self._add(fingerprint.row, fingerprint.marks)
        self._changed[key_of(fingerprint.row)] = fingerprint.row.tobytes() + fingerprint.marks.tobytes()
        return self._changes_by(at)

    def ask(self, fingerprint: Fingerprint) -> list[Change]:
        """Return what a document would change, and remember nothing."""
        if find_repeat(self._heads, self._nexts, self._rows, self._marks, fingerprint.row[0]) >= 0:
            return []
        at = self._add(fingerprint.row, fingerprint.marks)
        changes = self._changes_by(at)
        self._remove(at)
        return changes

    def drain_changes(self) -> list[Record]:
        """Return the documents that came or were forgotten since the last call."""
        if not self._changed:
            return []
        changes = [(_WATERMARK, _NEWEST.pack(self._newest_s)), *self._changed.items()]
        self._changed = {}
        return changes

    def restore(self, records: Iterable[Record]) -> int:
        """Take documents back from the changelog; return how many records were applied.

        Raises:
            ForeshotError: A record has another size than this version's.
        """
        held: dict[bytes, bytes | None] = {}
        count = 0
        for key, value in records:
            held[key] = value
            count += 1
        newest = held.pop(_WATERMARK, None)
        if newest is not None:
            self._newest_s = max(self._newest_s, *_NEWEST.unpack(newest))
        raw = [value for value in held.values() if value is not None]
        width = ROW.itemsize
        if any(len(value) != width + 4 * MARKS[self._route] for value in raw):
            message = (
                "a document in the changelog does not have the size of this version's: it was written by another "
                "version; replay into new internal topics (set another application id)"
            )
            raise ForeshotError(message)
        self._restore_rows(
            np.frombuffer(b"".join(value[:width] for value in raw), ROW),
            np.frombuffer(b"".join(value[width:] for value in raw), "<u4").reshape(len(raw), MARKS[self._route]),
        )
        return count

    def size_bytes(self) -> int:
        """Return the memory the documents take."""
        return self._rows.nbytes + self._marks.nbytes + self._nexts.nbytes + self._heads.nbytes

    def _changes_by(self, at: int) -> list[Change]:
        count = changes_by(
            self._heads,
            self._nexts,
            self._rows,
            self._marks,
            at,
            self._periods,
            self._group,
            self._found,
            self._changes,
        )
        found = [
            Change(self._rows[first].copy(), self._rows[last].copy(), Rule(rule), sign < 0)
            for first, last, rule, sign in self._changes[:count].tolist()
        ]
        return sorted(found, key=lambda change: (key_of(change.earlier), key_of(change.later)))

    def _add(self, row: npt.NDArray[np.void], marks: npt.NDArray[np.uint32]) -> int:
        if self._free:
            at = self._free.pop()
        else:
            at = self._filled
            self._make_room(at + 1)
            self._filled += 1
        self._rows[at] = row[0]
        self._marks[at] = marks
        join_lists(self._heads, self._nexts, self._rows, self._marks, at)
        return at

    def _remove(self, at: int) -> None:
        leave_lists(self._heads, self._nexts, self._rows, self._marks, at)
        self._free.append(at)

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
            self._fill(2 * len(self._heads))

    def _fill(self, heads: int) -> None:
        self._heads = np.zeros(heads, np.uint32)
        fill_lists(self._heads, self._nexts, self._rows, self._marks, self._filled)

    def _restore_rows(self, rows: npt.NDArray[np.void], marks: npt.NDArray[np.uint32]) -> None:
        first, heads = self._filled, len(self._heads)
        while (first + len(rows)) * LINKS[self._route] > 2 * heads:
            heads *= 2
        self._make_room(first + len(rows))
        self._rows[first : first + len(rows)] = rows
        self._marks[first : first + len(rows)] = marks
        self._filled = first + len(rows)
        self._fill(max(heads, len(self._heads)))

    def _move_on(self, occurred_at_s: float) -> None:
        self._newest_s = max(self._newest_s, occurred_at_s)
        day = int(self._newest_s // _DAY_S)
        if day > self._swept_day:
            self._swept_day = day
            expiries = expiry_days(self._rows[: self._filled], self._terms)
            self._forget(np.flatnonzero(expiries < day - self._terms.lateness_days))

    def _drop_soonest(self) -> None:
        # Some at once, so that finding them is paid for once in many arrivals.
        expiries = expiry_days(self._rows[: self._filled], self._terms)
        count = max(1, self._max // 64)
        held = np.flatnonzero(self._rows["kind"][: self._filled] != FREE)
        soonest = sorted(held.tolist(), key=lambda at: (int(expiries[at]), key_of(self._rows[at])))
        self._forget(np.array(soonest[:count]))

    def _forget(self, places: npt.NDArray[np.intp]) -> None:
        for at in places.tolist():
            if self._rows[at]["kind"] != FREE:
                self._changed[key_of(self._rows[at])] = None
                self._remove(at)


def key_of(row: npt.NDArray[np.void] | np.void) -> bytes:
    """Return the changelog's key of a document: its event, its place there, and what it is."""
    one = row if isinstance(row, np.void) else row[0]
    event = b"".join(int(one[name]).to_bytes(8, "big") for name in ("event0", "event1", "event2"))
    where = struct.pack(">HB", int(one["position"]), int(one["kind"]))
    return event + where + struct.pack(">QQ", int(one["pair"]), int(one["number"]))

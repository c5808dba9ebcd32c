"""The compiled step of the ledger: what one more document changes in which pairs are reported."""

from typing import Any

import numpy as np
import numpy.typing as npt

from stream.features.kernel import kernel
from stream.ledger.claim import Kind
from stream.ledger.links_kernel import (
    CANCELLATION,
    Links,
    Marks,
    Rows,
    find_list,
    join_lists,
    leave_lists,
    number_key,
    slot_of,
)
from stream.ledger.rows import WHOLE
from stream.ledger.verdict_kernel import (
    Found,
    Terms,
    candidates,
    declared,
    parts_of_one,
    precedes,
    same_document,
    verdict,
)

# Of each change: rows of the earlier and of the later document, the rule, 1 for reported and -1 for withdrawn, and
# which of the documents taken it is by.
CHANGE_WIDTH = 5
_REQUEST = int(Kind.REQUEST)
# A document's changes beyond are left out; only a flood has so many.
MOST_CHANGES = 4096
Changes = npt.NDArray[np.int64]


@kernel
def take_documents(
    heads: Links,
    nexts: Links,
    rows: Rows,
    marks: Marks,
    taken: Rows,
    taken_marks: Marks,
    places: npt.NDArray[np.int64],
    terms: Terms,
    scratch: Found,
    changes: Changes,
    keep: bool,  # noqa: FBT001 - compiled
) -> tuple[int, int]:
    """Take documents in order and say which pairs each reports or withdraws.

    Args:
        heads: Of the lists.
        nexts: Of the lists.
        rows: Of the ledger.
        marks: Of the ledger.
        taken: Documents to take, [n].
        taken_marks: Theirs.
        places: Free rows of the ledger, one for each, [n]; `-1 - place` for one that was not needed.
        terms: As `Terms.as_array` gives them.
        scratch: int64 [2, most documents that are looked at].
        changes: Filled; at least MOST_CHANGES long.
        keep: False to leave the lists as they were; the rows are free again.

    Returns:
        How many documents were taken, fewer than n where `changes` might have become too short, and how many changes
        there are.
    """
    count = 0
    for at in range(len(taken)):
        if count > len(changes) - MOST_CHANGES:
            return at, count
        if find_repeat(heads, nexts, rows, marks, taken[at]) >= 0:
            places[at] = -1 - places[at]
            continue
        added = places[at]
        rows[added] = taken[at]
        marks[added] = taken_marks[at]
        join_lists(heads, nexts, rows, marks, added)
        own = changes[count : count + MOST_CHANGES]
        found = changes_by(heads, nexts, rows, marks, added, terms, scratch[0], scratch[1], own)
        for place in range(found):
            own[place, 4] = at
        count += found
        if not keep:
            leave_lists(heads, nexts, rows, marks, added)
            rows[added].kind = taken[at].kind  # for who reads the changes; the caller frees it
    return len(taken), count


@kernel
def find_repeat(heads: Links, nexts: Links, rows: Rows, marks: Marks, row: Any) -> int:
    """Return the row that says the same of the same event, -1 where there is none."""
    links = len(nexts) // len(rows)
    place = np.int64(heads[slot_of(heads, number_key(row, marks.shape[1] > 4))])
    while place != 0:
        at = (place - 1) // links
        known = rows[at]
        if (
            known.event0 == row.event0
            and known.event1 == row.event1
            and known.event2 == row.event2
            and known.position == row.position
            and known.kind == row.kind
            and same_document(known, row)
        ):
            return int(at)
        place = np.int64(nexts[place - 1])
    return -1


@kernel
def changes_by(
    heads: Links,
    nexts: Links,
    rows: Rows,
    marks: Marks,
    added: int,
    terms: Terms,
    group: Found,
    found: Found,
    changes: Changes,
) -> int:
    """Fill `changes` with the pairs that a document just added reports or withdraws; return how many."""
    if rows[added].kind == CANCELLATION:
        return _withdrawn(heads, nexts, rows, marks, added, terms, group, found, changes)
    count = 0
    near = candidates(heads, nexts, rows, marks, added, found)
    parts = rows[added].part_minor != WHOLE
    for at in range(near):
        other = found[at]
        if other == added or rows[other].kind == CANCELLATION:
            continue
        parts = parts or rows[other].part_minor != WHOLE
        first, last = (added, other) if precedes(rows[added], rows[other]) else (other, added)
        rule = verdict(heads, nexts, rows, marks, first, last, -1, terms)
        if rule != 0:
            count = _note(changes, count, first, last, rule, 1)
    if parts:
        count = _overdrawn(heads, nexts, rows, marks, added, terms, group, changes, count)
    return count


@kernel
def _note(changes: Changes, count: int, first: int, last: int, rule: int, sign: int) -> int:
    if count >= len(changes):
        return count
    changes[count, 0], changes[count, 1], changes[count, 2], changes[count, 3] = first, last, rule, sign
    return count + 1


@kernel
def _overdrawn(
    heads: Links,
    nexts: Links,
    rows: Rows,
    marks: Marks,
    added: int,
    terms: Terms,
    group: Found,
    changes: Changes,
    count: int,
) -> int:
    """Report parts that were legal until this one, the earlier, came late and made them too many."""
    by_pair = marks.shape[1] > 4
    key = number_key(rows[added], by_pair)
    members = find_list(heads, nexts, rows, marks, key, 0, 1, group, 0)
    for place in range(members):
        last = group[place]
        if last == added or rows[last].kind == CANCELLATION or rows[last].part_minor == WHOLE:
            continue
        if not precedes(rows[added], rows[last]):
            continue
        # By kind of the first: 0 not known yet, 1 made too many by the one that came, 2 not.
        requests, assignments = 0, 0
        for other in range(members):
            first = group[other]
            if (
                first == added
                or rows[first].kind == CANCELLATION
                or not parts_of_one(rows[first], rows[last])
                or rows[first].number != rows[last].number
                or (by_pair and rows[first].pair != rows[last].pair)
                or rows[first].currency != rows[last].currency
                or not precedes(rows[first], rows[last])
            ):
                continue
            known = requests if rows[first].kind == _REQUEST else assignments
            if known == 0:
                most = rows[first].amount_minor
                exceeded = (
                    declared(heads, nexts, rows, marks, first, last, -1, terms) > most
                    and declared(heads, nexts, rows, marks, first, last, added, terms) <= most
                )
                known = 1 if exceeded else 2
                if rows[first].kind == _REQUEST:
                    requests = known
                else:
                    assignments = known
            if known == 1:
                rule = verdict(heads, nexts, rows, marks, first, last, -1, terms)
                if rule != 0:
                    count = _note(changes, count, first, last, rule, 1)
    return count


@kernel
def _withdrawn(
    heads: Links,
    nexts: Links,
    rows: Rows,
    marks: Marks,
    added: int,
    terms: Terms,
    group: Found,
    found: Found,
    changes: Changes,
) -> int:
    """Withdraw pairs that were reported before it was known that the earlier document had been taken back."""
    count = 0
    key = number_key(rows[added], marks.shape[1] > 4)
    members = find_list(heads, nexts, rows, marks, key, 0, 1, group, 0)
    for place in range(members):
        first = group[place]
        if rows[first].kind == CANCELLATION:
            continue
        near = candidates(heads, nexts, rows, marks, first, found)
        for at in range(near):
            last = found[at]
            if last == first or rows[last].kind == CANCELLATION or not precedes(rows[first], rows[last]):
                continue
            if not precedes(rows[added], rows[last]):
                continue  # too late to have taken anything back for this one
            rule = verdict(heads, nexts, rows, marks, first, last, added, terms)
            if rule != 0 and verdict(heads, nexts, rows, marks, first, last, -1, terms) == 0:
                count = _note(changes, count, first, last, rule, -1)
    return count


@kernel
def put_back(
    heads: Links, nexts: Links, rows: Rows, marks: Marks, back: Rows, back_marks: Marks, places: npt.NDArray[np.int64]
) -> None:
    """Put documents that are not there into free rows; `-1 - place` is left of one that was not needed."""
    for at in range(len(back)):
        place = places[at]
        if find_repeat(heads, nexts, rows, marks, back[at]) >= 0:
            places[at] = -1 - place
            continue
        rows[place] = back[at]
        marks[place] = back_marks[at]
        join_lists(heads, nexts, rows, marks, place)


@kernel
def take_out(heads: Links, nexts: Links, rows: Rows, marks: Marks, gone: Rows, places: npt.NDArray[np.int64]) -> None:
    """Take documents out, told by their event, place, kind, pair and number, and say where each was; -1 for nowhere."""
    for at in range(len(gone)):
        places[at] = find_repeat(heads, nexts, rows, marks, gone[at])
        if places[at] >= 0:
            leave_lists(heads, nexts, rows, marks, places[at])

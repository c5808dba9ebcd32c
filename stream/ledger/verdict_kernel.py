"""The compiled decision whether two documents of the ledger are reported: the rules, less what is legal."""

from typing import Any

import numpy as np
import numpy.typing as npt

from stream.features.kernel import kernel
from stream.ledger.judge_kernel import judge, shares_party
from stream.ledger.links_kernel import (
    CANCELLATION,
    NUMBER,
    WHOLE_NUMBER,
    Links,
    Marks,
    Rows,
    find_list,
    link_key,
    mix,
    number_key,
    slot_of,
)
from stream.ledger.rows import NO_DAY, UNKNOWN, WHOLE
from stream.ledger.rules import Rule

_DAY_S = 86_400.0
_MOST_EXACT = int(Rule.SHIFTED_DATE)
_OTHER_PARTY = int(Rule.OTHER_PARTY)
_LOW = np.uint64(0xFFFFFFFF)

Terms = npt.NDArray[np.int64]
Found = npt.NDArray[np.int64]


@kernel
def precedes(one: Any, other: Any) -> bool:
    """Return whether an event is the earlier of two: by time, then by its identifier's code, then by position."""
    if one.occurred_at_s != other.occurred_at_s:
        return bool(one.occurred_at_s < other.occurred_at_s)
    if one.event0 != other.event0:
        return bool(one.event0 < other.event0)
    if one.event1 != other.event1:
        return bool(one.event1 < other.event1)
    if one.event2 != other.event2:
        return bool(one.event2 < other.event2)
    if one.position != other.position:
        return bool(one.position < other.position)
    return bool(one.kind < other.kind)


@kernel
def expiry_day(row: Any, terms: Terms) -> int:
    """Return the last day on which a document meets others; see `terms.Terms`."""
    day = np.int64(np.floor(row.occurred_at_s / _DAY_S))
    if row.kind == CANCELLATION:
        return int(day + terms[2] + terms[0])
    if row.due_day != NO_DAY:
        return int(max(day, np.int64(row.due_day)) + terms[0])
    if row.issue_day != NO_DAY:
        day = max(day, np.int64(row.issue_day))
    return int(day + terms[1] + terms[0])


@kernel
def meets(earlier: Any, later: Any, terms: Terms) -> bool:
    """Return whether the later event came before the earlier's document was forgotten."""
    return bool(np.floor(later.occurred_at_s / _DAY_S) <= expiry_day(earlier, terms))


@kernel
def candidates(heads: Links, nexts: Links, rows: Rows, marks: Marks, at: int, found: Found) -> int:
    """Fill `found` with the documents that a rule might name beside this one; return how many."""
    row = rows[at]
    if marks.shape[1] == 4:
        return find_list(heads, nexts, rows, marks, number_key(row, False), 0, 1, found, 0)
    count = find_list(heads, nexts, rows, marks, number_key(row, True), 0, 1, found, 0)
    parts = mix(row.pair, row.number & _LOW, WHOLE_NUMBER)
    count = find_list(heads, nexts, rows, marks, parts, 1, 2, found, count)
    if marks[at, 0] != 0:
        whole = mix(row.pair, marks[at, 0], NUMBER)
        count = find_list(heads, nexts, rows, marks, whole, 0, 1, found, count)
    key = link_key(row, marks[at], 2)
    return find_list(heads, nexts, rows, marks, key, 2, 3, found, count) if key != 0 else count


@kernel
def same_document(one: Any, other: Any) -> bool:
    """Return whether two rows name one document: by pair its parties and number, by number its key."""
    return bool(one.number == other.number and one.pair == other.pair)


@kernel
def _takes_back(row: Any, number: Any, later: Any, terms: Terms) -> bool:
    """Return whether a row is a cancellation of this number that is in force before the later event."""
    return bool(row.kind == CANCELLATION and row.number == number and precedes(row, later) and meets(row, later, terms))


@kernel
def _taken_back_at(nexts: Links, rows: Rows, earlier: Any, later: Any, skip: int, terms: Terms, place: Any) -> Any:
    """Return the first place from this one on where the earlier's number is taken back, 0 where there is none."""
    links = len(nexts) // len(rows)
    while place != 0:
        at = (place - 1) // links
        if at != skip and _takes_back(rows[at], rows[earlier].number, rows[later], terms):
            break
        place = np.int64(nexts[place - 1])
    return place


@kernel
def cancelled(
    heads: Links, nexts: Links, rows: Rows, marks: Marks, earlier: Any, later: Any, skip: int, terms: Terms
) -> bool:
    """Return whether the earlier's document was taken back in full between the two; `skip` is not looked at."""
    by_pair = marks.shape[1] > 4
    links = len(nexts) // len(rows)
    head = np.int64(heads[slot_of(heads, number_key(rows[earlier], by_pair))])
    place = _taken_back_at(nexts, rows, earlier, later, skip, terms, head)
    while place != 0:
        at = (place - 1) // links
        row, first = rows[at], rows[earlier]
        if (
            row.currency == first.currency
            and (UNKNOWN in (row.amount_minor, first.amount_minor) or row.amount_minor >= first.amount_minor)
            and (row.pair == first.pair or (not by_pair and shares_party(marks[at], marks[earlier])))
            and precedes(first, row)
        ):
            return True
        place = _taken_back_at(nexts, rows, earlier, later, skip, terms, np.int64(nexts[place - 1]))
    return False


@kernel
def _last_cancellation(
    heads: Links, nexts: Links, rows: Rows, marks: Marks, earlier: Any, later: Any, skip: int, terms: Terms
) -> int:
    """Return the last cancellation before the later event that bears the earlier's number, -1 where there is none."""
    links = len(nexts) // len(rows)
    head = np.int64(heads[slot_of(heads, number_key(rows[earlier], marks.shape[1] > 4))])
    place = _taken_back_at(nexts, rows, earlier, later, skip, terms, head)
    last = -1
    while place != 0:
        at = int((place - 1) // links)
        if last < 0 or precedes(rows[last], rows[at]):
            last = at
        place = _taken_back_at(nexts, rows, earlier, later, skip, terms, np.int64(nexts[place - 1]))
    return last


@kernel
def declared(
    heads: Links, nexts: Links, rows: Rows, marks: Marks, earlier: Any, later: Any, skip: int, terms: Terms
) -> int:
    """Return how much of a document is financed up to the later event, beside what the earlier's kind of event says.

    Of two earlier ones of one document and kind it is the same.
    """
    by_pair = marks.shape[1] > 4
    key = number_key(rows[earlier], by_pair)
    place = np.int64(heads[slot_of(heads, key)])
    links = len(nexts) // len(rows)
    first, last = rows[earlier], rows[later]
    # Most have none, and asking for each part whether it was cancelled is slow where there are hundreds.
    taken_back = _last_cancellation(heads, nexts, rows, marks, earlier, later, skip, terms)
    total = np.int64(0)
    while place != 0:
        at = (place - 1) // links
        row = rows[at]
        # A request and the assignment that follows it are one financing.
        kind = last.kind if row.financier == last.financier else first.kind
        if (
            at != skip
            and row.kind == kind
            and row.number == first.number
            and row.amount_minor == first.amount_minor
            and row.currency == first.currency
            and row.issue_day == first.issue_day
            and (row.pair == first.pair or not by_pair)
            and (at == later or precedes(row, last))
            and meets(row, last, terms)
            and (
                taken_back < 0
                or not precedes(row, rows[taken_back])
                or not cancelled(heads, nexts, rows, marks, at, later, skip, terms)
            )
        ):
            total += row.amount_minor if row.part_minor == WHOLE else row.part_minor
        place = np.int64(nexts[place - 1])
    return int(total)


@kernel
def parts_of_one(one: Any, other: Any) -> bool:
    """Return whether two events declare parts of a document; of one, where its number and parties are the same too."""
    in_parts = WHOLE not in (one.part_minor, other.part_minor) and one.amount_minor != UNKNOWN
    return bool(in_parts and one.amount_minor == other.amount_minor and one.issue_day == other.issue_day)


@kernel
def verdict(
    heads: Links, nexts: Links, rows: Rows, marks: Marks, earlier: Any, later: Any, skip: int, terms: Terms
) -> int:
    """Return the rule by which two documents are reported, 0 where they are not; the row `skip` is as if not there."""
    first, last = rows[earlier], rows[later]
    rule = judge(first, last, marks[earlier], marks[later])
    if rule == 0 or not meets(first, last, terms):
        return 0
    one_document = rule <= _MOST_EXACT or rule >= _OTHER_PARTY
    if one_document and first.kind != last.kind and first.financier == last.financier:
        return 0
    if cancelled(heads, nexts, rows, marks, earlier, later, skip, terms):
        return 0
    if one_document and parts_of_one(first, last):
        total = declared(heads, nexts, rows, marks, earlier, later, skip, terms)
        if total <= first.amount_minor:
            return 0
    return rule

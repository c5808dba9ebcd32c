"""The compiled rules of `rules.Rule`."""

from typing import Any

from stream.features.kernel import kernel
from stream.ledger.rows import LONG, NO_DAY, NO_TAIL, SWAPPED, TAIL_MODULUS, TELLING, UNKNOWN
from stream.ledger.rules import LONG_SHIFT_DAYS, NEAR_AMOUNT, NEIGHBOURS, SHORT_SHIFT_DAYS, Rule

_EXACT, _SHIFTED_DATE, _OTHER_AMOUNT = int(Rule.EXACT), int(Rule.SHIFTED_DATE), int(Rule.OTHER_AMOUNT)
_SAME_NUMBER, _EDITED, _EXTENDED = int(Rule.SAME_NUMBER), int(Rule.EDITED_NUMBER), int(Rule.EXTENDED_NUMBER)
_RENUMBERED, _OTHER_PARTY, _OTHER_PARTIES = int(Rule.RENUMBERED), int(Rule.OTHER_PARTY), int(Rule.OTHER_PARTIES)
_LOW = 0xFFFFFFFF


@kernel
def judge(one: Any, other: Any, marks: Any, other_marks: Any) -> int:
    """Return the rule by which two documents are one, 0 for none; it is the same whichever comes first."""
    if len(marks) > 4:
        return _judge_by_pair(one, other, marks, other_marks) if one.pair == other.pair else 0
    if one.pair == other.pair or one.number != other.number:
        return 0
    return _judge_by_number(one, other, marks, other_marks)


@kernel
def _judge_by_pair(one: Any, other: Any, marks: Any, other_marks: Any) -> int:
    swapped = (one.flags ^ other.flags) & SWAPPED != 0
    same_money = one.amount_minor == other.amount_minor and one.currency == other.currency
    if one.number == other.number:
        return _judge_same_number(one, other, swapped, same_money)
    if swapped or one.issue_day == NO_DAY or one.issue_day != other.issue_day:
        return 0
    if _extends(one, other, marks) or _extends(other, one, other_marks):
        return _EXTENDED if not same_money or one.amount_minor == UNKNOWN else _EDITED
    if not same_money or one.amount_minor == UNKNOWN or _neighbours(one, other):
        return 0
    if one.flags & other.flags & LONG and _edited(one, other, marks, other_marks):
        return _EDITED
    same_due = one.due_day != NO_DAY and one.due_day == other.due_day
    return _RENUMBERED if same_due and one.flags & TELLING else 0


@kernel
def _judge_same_number(one: Any, other: Any, swapped: bool, same_money: bool) -> int:  # noqa: FBT001 - compiled
    told = UNKNOWN not in (one.amount_minor, other.amount_minor)
    if swapped and not (told and same_money):
        return 0
    days_told = NO_DAY not in (one.issue_day, other.issue_day)
    shift = abs(one.issue_day - other.issue_day) if days_told else 0
    if not told or same_money:
        if shift > (LONG_SHIFT_DAYS if one.flags & LONG else SHORT_SHIFT_DAYS):
            return 0
        due_told = NO_DAY not in (one.due_day, other.due_day)
        return _SHIFTED_DATE if shift > 0 or (due_told and one.due_day != other.due_day) else _EXACT
    if shift == 0:
        return _OTHER_AMOUNT
    apart = abs(one.amount_minor - other.amount_minor)
    near = one.currency == other.currency and apart <= NEAR_AMOUNT * max(one.amount_minor, other.amount_minor)
    return _SAME_NUMBER if near and shift <= SHORT_SHIFT_DAYS else 0


@kernel
def _extends(one: Any, other: Any, marks: Any) -> bool:
    if marks[0] == 0 or marks[0] != other.number & _LOW:
        return False
    if NO_DAY not in (one.due_day, other.due_day) and one.due_day != other.due_day:
        return False
    return bool(one.currency != other.currency or one.amount_minor <= other.amount_minor)


@kernel
def _neighbours(one: Any, other: Any) -> bool:
    if NO_TAIL in (one.tail, other.tail):
        return False
    apart = (int(one.tail) - int(other.tail)) % TAIL_MODULUS
    return bool(0 < min(apart, TAIL_MODULUS - apart) <= NEIGHBOURS)


@kernel
def _edited(one: Any, other: Any, marks: Any, other_marks: Any) -> bool:
    number, other_number = one.number & _LOW, other.number & _LOW
    for at in range(len(marks)):
        # The first is of the whole of which this may be a part.
        if at != 0 and marks[at] != 0 and (marks[at] == other_number or _has(other_marks, marks[at])):
            return True
    return _has(other_marks, number)


@kernel
def _has(marks: Any, mark: Any) -> bool:
    for at in range(len(marks)):  # noqa: SIM110 - compiled
        if at != 0 and marks[at] == mark:
            return True
    return False


@kernel
def shares_party(marks: Any, other_marks: Any) -> bool:
    """Return whether one of a document's parties is one of another's, by name or by identifier."""
    for party in range(2):
        for other in range(2):
            for by in range(2):
                mark = marks[2 * party + by]
                if mark != 0 and mark == other_marks[2 * other + by]:
                    return True
    return False


@kernel
def _judge_by_number(one: Any, other: Any, marks: Any, other_marks: Any) -> int:
    told = NO_DAY not in (one.issue_day, other.issue_day)
    if told and one.issue_day != other.issue_day:
        return 0
    if shares_party(marks, other_marks):
        return _OTHER_PARTY if told or one.flags & LONG else 0
    same_due = one.due_day != NO_DAY and one.due_day == other.due_day
    return _OTHER_PARTIES if told and same_due and one.flags & LONG and one.flags & TELLING else 0

"""A match: two documents that are one financed twice, as it is told."""

from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from stream.events.match_reason import RuleName
from stream.ledger.fingerprint import event_id_of
from stream.ledger.ledger import Change
from stream.ledger.rows import NO_DAY, SWAPPED, UNKNOWN, Route
from stream.ledger.rules import LONG_SHIFT_DAYS, Rule

_KINDS: tuple[Literal["financing_request", "assignment"], ...] = ("financing_request", "assignment")
_NUMBER_LIKE = {Rule.EDITED_NUMBER: 0.8, Rule.EXTENDED_NUMBER: 0.8, Rule.RENUMBERED: 0.0}
_PARTIES_LIKE = {Rule.OTHER_PARTY: 0.5, Rule.OTHER_PARTIES: 0.0}


class Side(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of the two events.

    Attributes:
        event_id: The user's identifier, or `~` and hexadecimal digits where it was too long to be kept.
        position: Which of the event's documents.
        kind: What the event is.
        occurred_at_s: When it was.
        financier: Who finances it; left out where that is not told.
    """

    event_id: str
    position: int
    kind: Literal["financing_request", "assignment"]
    occurred_at_s: float
    financier: str | None = None


class Match(msgspec.Struct, frozen=True):
    """Two documents that are one.

    Attributes:
        rule: What they have in common, a name of `Rule` in small letters.
        nearness: How much of five fields is the same: number, amount, day of issue, day of payment, parties; 0 to 1.
        earlier: The event that came first, by event time.
        later: The other one.
        same_financier: Whether one financier is asked twice; else it is another.
        parties_swapped: Whether who sells is who buys in the other.
        issue_shift_days: How much later the later one's day of issue is; None where one is not told.
        due_shift_days: The same of the day of payment.
        amount_ratio: The later one's amount by the earlier one's; None where one is not told or the currency differs.
        withdrawn: True takes a former report of the pair back: the document had been cancelled between the two.
    """

    rule: RuleName
    nearness: float
    earlier: Side
    later: Side
    same_financier: bool
    parties_swapped: bool
    issue_shift_days: int | None
    due_shift_days: int | None
    amount_ratio: float | None
    withdrawn: bool


def match_of(change: Change, financiers: dict[int, str]) -> Match:
    """Return a ledger's change in words.

    Args:
        change: Of the ledger.
        financiers: Names of those that may be told, by hash.
    """
    first, last = change.earlier[0], change.later[0]
    issue, due = (_shift(int(first[name]), int(last[name])) for name in ("issue_day", "due_day"))
    ratio = _ratio(first, last)
    return Match(
        rule=change.rule.told,
        nearness=_nearness(change.rule, issue, due, ratio),
        earlier=_side(first, financiers),
        later=_side(last, financiers),
        same_financier=bool(first["financier"] == last["financier"]),
        parties_swapped=change.rule < Rule.OTHER_PARTY and bool((first["flags"] ^ last["flags"]) & SWAPPED),
        issue_shift_days=issue,
        due_shift_days=due,
        amount_ratio=ratio,
        withdrawn=change.withdrawn,
    )


def match_key(change: Change, route: Route) -> bytes:
    """Return what names a pair: the same for its report and its withdrawal."""
    return bytes([route]) + change.key


def _side(row: Any, financiers: dict[int, str]) -> Side:
    return Side(
        event_id=event_id_of(row),
        position=int(row["position"]),
        kind=_KINDS[int(row["kind"])],
        occurred_at_s=float(row["occurred_at_s"]),
        financier=financiers.get(int(row["financier"])),
    )


def _shift(first: int, last: int) -> int | None:
    return None if NO_DAY in (first, last) else last - first


def _ratio(first: npt.NDArray[np.void] | np.void, last: npt.NDArray[np.void] | np.void) -> float | None:
    before, after = int(first["amount_minor"]), int(last["amount_minor"])
    if UNKNOWN in (before, after) or before == 0 or first["currency"] != last["currency"]:
        return None
    return round(after / before, 6)


def _nearness(rule: Rule, issue: int | None, due: int | None, ratio: float | None) -> float:
    days = [1.0 if shift is None else max(0.0, 1.0 - abs(shift) / LONG_SHIFT_DAYS) for shift in (issue, due)]
    amount = 0.0 if rule is Rule.OTHER_AMOUNT else 1.0
    if ratio is not None:
        amount = min(ratio, 1 / ratio) if ratio > 0 else 0.0
    return round((_NUMBER_LIKE.get(rule, 1.0) + amount + sum(days) + _PARTIES_LIKE.get(rule, 1.0)) / 5, 3)

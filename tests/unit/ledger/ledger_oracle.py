"""The ledger in slow plain Python: every pair of plain documents, compared in words."""

from collections.abc import Sequence
from itertools import combinations

from stream.ledger.claim import Claim, Kind
from stream.ledger.document_number import plain_number, sequence, whole_number, without_zeros
from stream.ledger.fingerprint import Fingerprints
from stream.ledger.party_name import party_identity, skeleton
from stream.ledger.rules import LONG_SHIFT_DAYS, SHORT_SHIFT_DAYS, Rule
from stream.ledger.terms import Terms

DAY_S = 86_400.0
_CODES = Fingerprints(b"for the order of events alone")


def order(claim: Claim) -> tuple[float, bytes, int, int]:
    return claim.occurred_at_s, _CODES.event_code(claim.event_id), claim.position, int(claim.kind)


def pair(claim: Claim) -> frozenset[str]:
    return frozenset((party_identity(claim.seller), party_identity(claim.buyer)))


def number(claim: Claim) -> str:
    return without_zeros(plain_number(claim.number))


def in_force(claims: Sequence[Claim], terms: Terms) -> set[tuple[str, int, str, int, Rule]]:
    """Return each pair that is reported, the earlier first: events, positions, rule."""
    first_of = {(one.event_id, one.position, one.kind, pair(one), number(one)): one for one in reversed(claims)}
    distinct = sorted(first_of.values(), key=order)
    found = set()
    for earlier, later in combinations(distinct, 2):
        rule = reported(earlier, later, distinct, terms)
        if rule is not None:
            found.add((earlier.event_id, earlier.position, later.event_id, later.position, rule))
    return found


def reported(earlier: Claim, later: Claim, claims: Sequence[Claim], terms: Terms) -> Rule | None:
    if Kind.CANCELLATION in (earlier.kind, later.kind):
        return None
    rule = judge(earlier, later)
    if rule is None or not meets(earlier, later, terms):
        return None
    one_document = rule in (Rule.EXACT, Rule.SHIFTED_DATE, Rule.OTHER_PARTY, Rule.OTHER_PARTIES)
    if one_document and earlier.kind != later.kind and earlier.financier == later.financier:
        return None
    if cancelled(earlier, later, claims, terms):
        return None
    if one_document and legal_parts(earlier, later, claims, terms):
        return None
    return rule


def meets(earlier: Claim, later: Claim, terms: Terms) -> bool:
    day = earlier.occurred_at_s // DAY_S
    if earlier.kind is Kind.CANCELLATION:
        last = day + terms.cancellation_days
    elif earlier.due_date is not None:
        last = max(day, days(earlier.due_date))
    else:
        last = max(day, days(earlier.issue_date) if earlier.issue_date else day) + terms.assumed_tenor_days
    return later.occurred_at_s // DAY_S <= last + terms.retention_days


def days(day) -> int:
    return day.toordinal() - 719_163


def by_pair(one: Claim, other: Claim) -> bool:
    return pair(one) == pair(other)


def cancelled(earlier: Claim, later: Claim, claims: Sequence[Claim], terms: Terms) -> bool:
    for note in claims:
        if note.kind is not Kind.CANCELLATION or note.type != earlier.type or number(note) != number(earlier):
            continue
        if note.currency != earlier.currency or not order(earlier) < order(note) < order(later):
            continue
        if not meets(note, later, terms):
            continue
        if by_pair(earlier, later):
            unknown = None in (note.amount_minor, earlier.amount_minor)
            if by_pair(note, earlier) and (unknown or note.amount_minor >= earlier.amount_minor):
                return True
        elif note.amount_minor == earlier.amount_minor and (by_pair(note, earlier) or shares_party(note, earlier)):
            return True
    return False


def legal_parts(earlier: Claim, later: Claim, claims: Sequence[Claim], terms: Terms) -> bool:
    if None in (earlier.part_minor, later.part_minor, earlier.amount_minor):
        return False
    if earlier.amount_minor != later.amount_minor or earlier.issue_date != later.issue_date:
        return False
    total = 0
    for one in claims:
        kind = later.kind if one.financier == later.financier else earlier.kind
        same = (
            one.kind is kind
            and (one.type, number(one)) == (earlier.type, number(earlier))
            and (one.amount_minor, one.currency) == (earlier.amount_minor, earlier.currency)
            and one.issue_date == earlier.issue_date
            and (not by_pair(earlier, later) or by_pair(one, earlier))
        )
        if not same or order(one) > order(later) or not meets(one, later, terms):
            continue
        if order(one) < order(later) and route_cancelled(one, earlier, later, claims, terms):
            continue
        total += one.amount_minor if one.part_minor is None else one.part_minor
    return total <= earlier.amount_minor


def route_cancelled(one: Claim, earlier: Claim, later: Claim, claims: Sequence[Claim], terms: Terms) -> bool:
    """Return whether a part was taken back, seen by the route on which the pair meets."""
    notes = [
        note
        for note in claims
        if note.kind is Kind.CANCELLATION
        and (note.type, number(note), note.currency) == (one.type, number(one), one.currency)
        and order(one) < order(note) < order(later)
        and meets(note, later, terms)
    ]
    if by_pair(earlier, later):
        return any(by_pair(note, one) and (note.amount_minor is None or note.amount_minor >= one.amount_minor)
                   for note in notes)  # fmt: skip
    return any(
        note.amount_minor == one.amount_minor and (by_pair(note, one) or shares_party(note, one)) for note in notes
    )


def shares_party(one: Claim, other: Claim) -> bool:
    names, identifiers = [], []
    for claim in (one, other):
        both = (claim.seller, claim.buyer)
        names.append({skeleton(party.name) for party in both if party.name is not None})
        identifiers.append({party.id.upper() for party in both})
    return bool(names[0] & names[1] or identifiers[0] & identifiers[1])


def judge(one: Claim, other: Claim) -> Rule | None:  # noqa: PLR0911 - a rule each
    if one.type != other.type:
        return None
    if pair(one) != pair(other):
        return judge_other_parties(one, other)
    swapped = party_identity(one.seller) != party_identity(other.seller)
    if number(one) == number(other):
        return judge_same_number(one, other, swapped=swapped, long=is_long(one, other))
    if swapped or None in (one.issue_date, other.issue_date) or one.issue_date != other.issue_date:
        return None
    if extends(one, other) or extends(other, one):
        return Rule.EDITED_NUMBER if same_told_money(one, other) else Rule.EXTENDED_NUMBER
    if not same_told_money(one, other) or neighbours(one, other):
        return None
    if is_long(one, other) and edited(one, other):
        return Rule.EDITED_NUMBER
    return Rule.RENUMBERED if same_due(one, other) and is_telling(one) else None


def judge_other_parties(one: Claim, other: Claim) -> Rule | None:
    told = None not in (one.issue_date, other.issue_date)
    if number(one) != number(other) or not same_told_money(one, other) or (told and one.issue_date != other.issue_date):
        return None
    if shares_party(one, other):
        return Rule.OTHER_PARTY if told or is_long(one, other) else None
    sure = told and same_due(one, other) and is_long(one, other) and is_telling(one)
    return Rule.OTHER_PARTIES if sure else None


def is_long(one: Claim, other: Claim) -> bool:
    return min(len(number(one)), len(number(other))) >= 4


def is_telling(one: Claim) -> bool:
    return one.amount_minor % 10_000 != 0


def same_due(one: Claim, other: Claim) -> bool:
    return one.due_date is not None and one.due_date == other.due_date


def same_told_money(one: Claim, other: Claim) -> bool:
    return one.amount_minor is not None and (one.amount_minor, one.currency) == (other.amount_minor, other.currency)


def extends(longer: Claim, base: Claim) -> bool:
    if len(number(base)) < 4 or number(base) != whole_number(longer.number):
        return False
    if None not in (longer.due_date, base.due_date) and longer.due_date != base.due_date:
        return False
    amounts = [-1 if one.amount_minor is None else one.amount_minor for one in (longer, base)]
    return longer.currency != base.currency or amounts[0] <= amounts[1]


def judge_same_number(one: Claim, other: Claim, *, swapped: bool, long: bool) -> Rule | None:
    known = None not in (one.amount_minor, other.amount_minor)
    same_money = (one.amount_minor, one.currency) == (other.amount_minor, other.currency)
    if swapped and not (known and same_money):
        return None
    shift = abs(days(one.issue_date) - days(other.issue_date)) if one.issue_date and other.issue_date else 0
    if not known or same_money:
        if shift > (LONG_SHIFT_DAYS if long else SHORT_SHIFT_DAYS):
            return None
        due_moved = None not in (one.due_date, other.due_date) and one.due_date != other.due_date
        return Rule.SHIFTED_DATE if shift or due_moved else Rule.EXACT
    if shift == 0:
        return Rule.OTHER_AMOUNT
    near = abs(one.amount_minor - other.amount_minor) <= 0.05 * max(one.amount_minor, other.amount_minor)
    return Rule.SAME_NUMBER if one.currency == other.currency and near and shift <= SHORT_SHIFT_DAYS else None


def neighbours(one: Claim, other: Claim) -> bool:
    places = [sequence(claim.number, claim.issue_date.year) for claim in (one, other)]
    return None not in places and (places[0] - places[1]) % 251 in (1, 250)


def edited(one: Claim, other: Claim) -> bool:
    first, second = ({number(claim), *shortened(plain_number(claim.number))} for claim in (one, other))
    first.add(plain_number(one.number)), second.add(plain_number(other.number))
    return bool(first & second)


def shortened(text: str) -> set[str]:
    return {text[:at] + text[at + 1 :] for at in range(len(text))}

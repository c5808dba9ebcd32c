"""Says an event's matches in words that an officer can act on."""

from collections.abc import Iterable
from datetime import UTC, datetime

from stream.events.match_reason import RULE_NAMES, MatchReason, RuleName
from stream.ledger.match import Match, Side

# So many are told with an event; `document-matches` has all.
MOST_REASONS = 3
_OTHER_NUMBER: dict[RuleName, str] = {
    "edited_number": "one edit apart in the number",
    "extended_number": "an ending of the number apart",
    "renumbered": "under another number",
}
_OTHER_PARTIES: dict[RuleName, str] = {"other_party": "with one other party", "other_parties": "with other parties"}
_VERBS = {"financing_request": "financed", "assignment": "assigned"}


def reasons_of(matches: Iterable[Match], event_id: str, named: list[str]) -> list[MatchReason]:
    """Return what an event's matches say, the surest first; those withdrawn say nothing.

    Args:
        matches: That came to light with the event.
        event_id: The event's own, as the matches have it.
        named: The documents that it finances, in words.
    """
    found = [match for match in matches if not match.withdrawn]
    surest = sorted(found, key=lambda match: (RULE_NAMES.index(match.rule), -match.nearness))
    return [MatchReason(match.rule, _text(match, event_id, named)) for match in surest[:MOST_REASONS]]


def surest(reasons: Iterable[MatchReason]) -> list[MatchReason]:
    """Return the surest of an event's reasons, in the same order."""
    return sorted(reasons, key=lambda reason: RULE_NAMES.index(reason.rule))[:MOST_REASONS]


def _text(match: Match, event_id: str, named: list[str]) -> str:
    differences = ", ".join(_differences(match))
    mine, other = (match.later, match.earlier) if match.later.event_id == event_id else (match.earlier, match.later)
    if mine.event_id != event_id:
        # Parts that are too many only with this event.
        said = f"{match.earlier.event_id} and {match.later.event_id} finance one document"
    else:
        like = "a document like " if match.rule in _OTHER_NUMBER else ""
        said = f"{like}{_named(mine, named)} was {_VERBS[other.kind]} on {_day(other)} by {_who(match, other)}"
    return f"{said}, {differences}" if differences else said


def _named(mine: Side, named: list[str]) -> str:
    return named[mine.position] if mine.position < len(named) else "the document"


def _differences(match: Match) -> list[str]:
    found = [words[match.rule] for words in (_OTHER_NUMBER, _OTHER_PARTIES) if match.rule in words]
    if match.amount_ratio is not None and (match.amount_ratio != 1 or match.rule == "other_amount"):
        found.append(f"amounts differ by {_percent(match.amount_ratio)} %")
    elif match.rule == "other_amount":
        found.append("currencies differ")
    for what, shift in (("issue", match.issue_shift_days), ("payment", match.due_shift_days)):
        if shift:
            found.append(f"days of {what} are {abs(shift)} day{'s' if abs(shift) > 1 else ''} apart")
    return [*found, "seller and buyer are swapped"] if match.parties_swapped else found


def _percent(ratio: float) -> str:
    differ = 100 * abs(ratio - 1)
    return f"{differ:.1f}" if differ >= 0.05 else "less than 0.1"


def _day(side: Side) -> str:
    moment = datetime.fromtimestamp(side.occurred_at_s, UTC)
    return f"{moment.day} {moment:%B %Y}"


def _who(match: Match, other: Side) -> str:
    if match.same_financier:
        return "the same financier"
    return "another financier" if other.financier is None else f"another financier ({other.financier})"

"""Why an event is a candidate for an alert: its score, a rule about its document, or both."""

from typing import Literal

from stream.events.business_line import FinancedBefore
from stream.events.scored_event import BY_MATCH, ScoredEvent

Cause = Literal["score", "document"]


def raised_by_rule(event: ScoredEvent, financed_before: FinancedBefore) -> bool:
    """Return whether an event's document calls for an alert whatever its score.

    Args:
        event: A scored event with all of its reasons.
        financed_before: Which matches do: a line's `alerts.financed_before`.
    """
    matches = [one.feature for one in event.reasons if one.feature.startswith(BY_MATCH)]
    if financed_before == "near":
        return bool(matches)
    return financed_before == "exact" and f"{BY_MATCH}exact" in matches


def causes_of(event: ScoredEvent, financed_before: FinancedBefore) -> tuple[Cause, ...]:
    """Return what made an event a candidate; the score where nothing else did."""
    if not raised_by_rule(event, financed_before):
        return ("score",)
    return ("score", "document") if event.score >= event.threshold else ("document",)

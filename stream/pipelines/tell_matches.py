"""Puts what the ledgers found of a document into its scored event, and alerts by it whatever the score."""

from collections.abc import Mapping, Sequence

import msgspec

from stream.alerts.cause import raised_by_rule
from stream.events.business_line import BusinessLine
from stream.events.enriched_event import EnrichedEvent, EnrichedRecord, MatchedEvent
from stream.events.match_reason import MatchReason
from stream.events.scored_event import BY_MATCH, Reason, ScoredEvent


def tell_matches(
    lines: Mapping[str, BusinessLine], records: Sequence[EnrichedRecord], scored: list[ScoredEvent]
) -> list[ScoredEvent]:
    """Return scored events, those of documents that were financed before with that as their first reasons.

    Args:
        lines: Business lines by name; their `alerts.financed_before` says which matches raise an alert.
        records: What was scored, and what was read with it.
        scored: One for every event among the records, in order.
    """
    events = [record for record in records if isinstance(record, EnrichedEvent)]
    return [
        _told(lines[event.line], event.reasons, one) if isinstance(event, MatchedEvent) else one
        for event, one in zip(events, scored, strict=True)
    ]


def _told(line: BusinessLine, matches: list[MatchReason], scored: ScoredEvent) -> ScoredEvent:
    # A rule moves no score: what it contributes to one is nothing.
    reasons = [Reason(f"{BY_MATCH}{match.rule}", match.text, 0.0) for match in matches]
    told = msgspec.structs.replace(scored, reasons=[*reasons, *scored.reasons])
    if scored.alerted or not raised_by_rule(told, line.alerts.financed_before):
        return told
    return msgspec.structs.replace(told, alerted=True)

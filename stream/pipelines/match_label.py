"""Joins labels to the features their events were scored from, whichever comes first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from stream.adaptation.event_hash import unit_hashes
from stream.adaptation.feature_store import FeatureSource
from stream.adaptation.label_state import LabelEntry, LabelState, fraud_delta, settle
from stream.adaptation.labelled_example import Kind, LabelledExample
from stream.adaptation.stored_event import StoredEvent, event_key, stored
from stream.events.business_line import BusinessLine
from stream.events.enriched_event import RiskUpdate
from stream.events.fraud_label import FraudLabel
from stream.events.scored_event import ScoredEvent

RefusalReason = Literal["unknown_line", "unknown_event", "label_before_event"]
LabelOutcome = Literal["applied", "withdrawn", "pending", "duplicate", "refused", "heard"]

# Lines that no file names share one name in counts: their own are free text without end.
_UNKNOWN_LINE = "unknown"

# A new line's first events are all taken, so that it soon has a background of its own.
_FIRST_EVENTS_TAKEN = 640


@dataclass(frozen=True, slots=True)
class RefusedLabel:
    """A label that cannot be learnt from.

    Attributes:
        label: The label as text, in the form it is sent in.
        record_index: Which record of this batch it is; None for one that waited since earlier.
        produced_at_ms: When it was produced to Kafka, epoch milliseconds.
    """

    line: str
    event_id: str
    label: bytes
    reason: RefusalReason
    detail: str
    record_index: int | None
    produced_at_ms: int


@dataclass(slots=True)
class MatchEffects:
    """All that one batch of scored events or labels asks for.

    Attributes:
        examples: For `labelled-examples`.
        risk_updates: For `enriched-events`; a fraud learnt is one +1, one taken back one -1.
        refused: For `dead-letters`.
        outcomes: How many labels had which (line, label, outcome); lines that no file names count as `unknown`.
        label_delays_s: (line, seconds from the event to its label), of labels that count.
    """

    examples: list[LabelledExample] = field(default_factory=list)
    risk_updates: list[RiskUpdate] = field(default_factory=list)
    refused: list[RefusedLabel] = field(default_factory=list)
    outcomes: Counter[tuple[str, str, LabelOutcome]] = field(default_factory=Counter)
    label_delays_s: list[tuple[str, float]] = field(default_factory=list)


def match_scored(
    state: LabelState,
    store: FeatureSource,
    scored: Sequence[ScoredEvent],
    *,
    next_offset: int,
    lines: Mapping[str, BusinessLine],
    partitions: int = 1,
) -> MatchEffects:
    """Keep what events were scored from, give them the labels that waited, sample background.

    Args:
        state: Changed in place.
        store: Changed in place; may already hold some of the events.
        scored: In order of their offsets.
        next_offset: The first offset of `scored-events` after them.
        lines: Business lines by name; events of others are kept but never sampled.
        partitions: Over how many partitions each line's events are spread.
    """
    effects = MatchEffects()
    store.put(scored, next_offset)
    keys = [event_key(event.line, event.event_id) for event in scored]
    shares = _background_shares(state, scored, lines, partitions)
    sampled = unit_hashes(b"background", keys) < shares
    for event, key, share, is_sampled in zip(scored, keys, shares.tolist(), sampled.tolist(), strict=True):
        entry = state.entry_of(key)
        if entry is not None and entry.pending:
            _meet(state, effects, event, entry, lines)
        elif entry is None and is_sampled:
            effects.examples.append(_background(event, share))
    for line in dict.fromkeys(event.line for event in scored):
        for event_id, entry in state.expire(line):
            detail = "no such event was scored within the label horizon"
            _refuse(effects, line, event_id, entry, "unknown_event", detail, None)
    return effects


def match_labels(
    state: LabelState,
    store: FeatureSource,
    labels: Sequence[tuple[FraudLabel, int]],
    *,
    lines: Mapping[str, BusinessLine],
) -> MatchEffects:
    """Join labels to their events' features; those of events not yet scored wait.

    Args:
        state: Changed in place.
        store: Where features are found.
        labels: (label, when it was produced in epoch milliseconds), in order of arrival.
        lines: Business lines by name.
    """
    effects = MatchEffects()
    found = store.get([(label.line, label.event_id) for label, _ in labels])
    for index, ((label, produced_at_ms), event) in enumerate(zip(labels, found, strict=True)):
        entry = _entry(state, label, produced_at_ms)
        if label.line not in lines:
            detail = f"no line file names {label.line!r}"
            _refuse(effects, label.line, label.event_id, entry, "unknown_line", detail, index)
        elif event is None or _is_expired(state, label.line, event):
            _wait(state, effects, label, entry, lines)
        elif entry.labelled_at_s < event.occurred_at_s:
            _refuse(effects, label.line, label.event_id, entry, "label_before_event", _early(entry, event), index)
        else:
            _apply(state, effects, lines[label.line], label.event_id, entry, event)
    return effects


def _entry(state: LabelState, label: FraudLabel, produced_at_ms: int) -> LabelEntry:
    labelled_at_s = label.labelled_at.timestamp()
    clock = state.clock(label.line)
    since_s = labelled_at_s if clock is None else clock.watermark_s
    expires_at_s = since_s + state.horizons.of(label.line)
    return LabelEntry(
        label.label,
        label.reverses,
        labelled_at_s,
        label.source,
        produced_at_ms,
        pending=True,
        expires_at_s=expires_at_s,
        loss_minor=label.loss_minor or 0,
    )


def _is_expired(state: LabelState, line: str, event: StoredEvent) -> bool:
    clock = state.clock(line)
    return clock is not None and event.occurred_at_s + state.horizons.of(line) < clock.watermark_s


def _wait(
    state: LabelState, effects: MatchEffects, label: FraudLabel, entry: LabelEntry, lines: Mapping[str, BusinessLine]
) -> None:
    known = state.entry(label.line, label.event_id)
    if known is not None and _is_outranked(lines[label.line], known, entry):
        effects.outcomes[label.line, label.label, "heard"] += 1
        return
    settlement = settle(known, entry)
    if settlement == "applied" or (known is not None and settlement == "confirmed" and known.source == entry.source):
        state.put(label.line, label.event_id, entry)
    outcome: LabelOutcome = "duplicate" if settlement in ("duplicate", "older") else "pending"
    effects.outcomes[label.line, label.label, outcome] += 1


def _is_outranked(line: BusinessLine, known: LabelEntry, entry: LabelEntry) -> bool:
    """Return whether a label must not replace what is known: nobody takes back another source's word."""
    return (not _counts(line, entry.source) and _counts(line, known.source)) or (
        entry.reverses and entry.source != known.source
    )


def _counts(line: BusinessLine, source: str) -> bool:
    named = line.adaptation.trusted_sources
    return source not in line.adaptation.refused_sources and (not named or source in named)


def _meet(
    state: LabelState,
    effects: MatchEffects,
    event: ScoredEvent,
    entry: LabelEntry,
    lines: Mapping[str, BusinessLine],
) -> None:
    state.drop(event.line, event.event_id)
    kept = stored(event)
    if entry.labelled_at_s < event.occurred_at_s:
        detail = _early(entry, kept)
        _refuse(effects, event.line, event.event_id, entry, "label_before_event", detail, None)
    elif event.line in lines:
        _apply(state, effects, lines[event.line], event.event_id, entry, kept)
    else:
        detail = f"no line file names {event.line!r}"
        _refuse(effects, event.line, event.event_id, entry, "unknown_line", detail, None)


def _apply(
    state: LabelState, effects: MatchEffects, line: BusinessLine, event_id: str, entry: LabelEntry, event: StoredEvent
) -> None:
    known = state.entry(line.name, event_id)
    # A waiting label was never learnt: the store may run ahead of a batch that was undone.
    before = "none" if known is None or known.pending else known.verdict
    if entry.source in line.adaptation.refused_sources:
        effects.outcomes[line.name, entry.label, "heard"] += 1
        return
    if _is_only_heard(line, known, entry):
        effects.examples.append(_example(line.name, event_id, entry, event))
        effects.outcomes[line.name, entry.label, "heard"] += 1
        return
    settlement = settle(known, entry)
    if settlement in ("duplicate", "older"):
        effects.outcomes[line.name, entry.label, "duplicate"] += 1
        return
    in_force = msgspec.structs.replace(
        entry, pending=False, expires_at_s=event.occurred_at_s + state.horizons.of(line.name), alerted=event.alerted
    )
    if known is None or known.pending or before != in_force.verdict or known.source == entry.source:
        # Who says the same does not take the word over: else an echo and its withdrawal would take it back.
        state.put(line.name, event_id, in_force)
    if before != in_force.verdict:
        _learn(effects, line.name, event_id, in_force, event, fraud_delta(before, in_force.verdict))
    elif known is not None and known.source != entry.source:
        # The same verdict from somebody else tells the learner whom to believe.
        effects.examples.append(_example(line.name, event_id, entry, event))
    outcome: LabelOutcome = "withdrawn" if entry.reverses else "applied"
    effects.outcomes[line.name, entry.label, "duplicate" if before == in_force.verdict else outcome] += 1


def _is_only_heard(line: BusinessLine, known: LabelEntry | None, entry: LabelEntry) -> bool:
    if not _counts(line, entry.source):
        return True
    if known is None or known.pending or known.source == entry.source:
        return False
    return _is_outranked(line, known, entry) or settle(known, entry) == "older"


def _learn(effects: MatchEffects, line: str, event_id: str, entry: LabelEntry, event: StoredEvent, delta: int) -> None:
    effects.examples.append(_example(line, event_id, entry, event))
    if not entry.reverses:
        effects.label_delays_s.append((line, entry.labelled_at_s - event.occurred_at_s))
    if delta:
        update = RiskUpdate(event_id, line, event.counterparty, event.occurred_at_s, float(delta))
        effects.risk_updates.append(update)


def _example(line: str, event_id: str, entry: LabelEntry, event: StoredEvent) -> LabelledExample:
    kind: Kind = "withdrawn" if entry.reverses else entry.label
    return LabelledExample(
        line=line,
        event_id=event_id,
        occurred_at_s=event.occurred_at_s,
        features=event.features,
        kind=kind,
        source=entry.source,
        labelled_at_s=entry.labelled_at_s,
        label_produced_at_ms=entry.produced_at_ms,
        score=event.score,
        weights_version=event.weights_version,
        subject=event.subject,
        feature_hash=event.feature_hash,
        alerted=event.alerted,
        share=1.0,
    )


def _background(event: ScoredEvent, share: float) -> LabelledExample:
    return LabelledExample(
        line=event.line,
        event_id=event.event_id,
        occurred_at_s=event.occurred_at_s,
        features=event.features,
        kind="background",
        source="",
        labelled_at_s=event.occurred_at_s,
        label_produced_at_ms=0,
        score=event.score,
        weights_version=event.weights_version,
        subject=event.subject,
        feature_hash=event.feature_hash,
        alerted=event.alerted,
        share=share,
    )


def _background_shares(
    state: LabelState, scored: Sequence[ScoredEvent], lines: Mapping[str, BusinessLine], partitions: int
) -> npt.NDArray[np.float64]:
    """Count events, and return the share of events like each that becomes background, 0 on lines that no file names."""
    line_of = [event.line for event in scored]
    rates = state.observe(line_of, [event.occurred_at_s for event in scored])
    wanted = {
        name: lines[name].adaptation.background_per_day / partitions if name in lines else 0.0 for name in set(line_of)
    }
    per_day = np.fromiter(map(wanted.__getitem__, line_of), np.float64, len(line_of))
    is_first = (rates.seen * partitions <= _FIRST_EVENTS_TAKEN) & (per_day > 0.0)
    return np.where(is_first, 1.0, np.minimum(per_day / rates.events_per_day, 1.0))


def _early(entry: LabelEntry, event: StoredEvent) -> str:
    return (
        f"labelled {event.occurred_at_s - entry.labelled_at_s:.0f} s before its own event; "
        "check the clock and time zone of labelled_at"
    )


def _as_sent(line: str, event_id: str, entry: LabelEntry) -> bytes:
    labelled_at = datetime.fromtimestamp(entry.labelled_at_s, UTC).isoformat()
    sent = {"event_id": event_id, "line": line, "label": entry.label, "source": entry.source}
    return msgspec.json.encode(sent | {"labelled_at": labelled_at, "reverses": entry.reverses})


def _refuse(
    effects: MatchEffects,
    line: str,
    event_id: str,
    entry: LabelEntry,
    reason: RefusalReason,
    detail: str,
    record_index: int | None,
) -> None:
    counted = _UNKNOWN_LINE if reason == "unknown_line" else line
    effects.outcomes[counted, entry.label, "refused"] += 1
    text = _as_sent(line, event_id, entry)
    effects.refused.append(RefusedLabel(line, event_id, text, reason, detail, record_index, entry.produced_at_ms))

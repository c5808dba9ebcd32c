"""The label in force of every event, and labels that came before their event was scored.

The newest `labelled_at` wins, a tie goes to the later arrival, and a reversal is a word
like any other: from then on the event has no label. So the state is a register per
event, and repeats or disorder cannot count a fraud twice.
"""

import heapq
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from stream.adaptation.line_clock import LineClock, LineRates, observe_events
from stream.adaptation.stored_event import event_key
from stream.distinct import distinct
from stream.events.label_horizons import LabelHorizons

Verdict = Literal["fraud", "genuine", "none"]
Settlement = Literal["applied", "confirmed", "duplicate", "older"]

# Line names never begin with NUL.
_CLOCK = b"\0"
_CLOCK_STEP_S = 60.0
_ENTRY_BYTES = 400


class LabelEntry(msgspec.Struct, array_like=True, frozen=True):
    """What was last said of one event.

    Attributes:
        label: `fraud` or `genuine`, as the label said.
        reverses: Whether it withdrew the label instead.
        labelled_at_s: When it was given, epoch seconds.
        produced_at_ms: When it was produced to Kafka, epoch milliseconds.
        pending: Whether the event is not scored yet.
        expires_at_s: Event time from which the entry is dropped.
        alerted: Whether the event had been alerted.
        loss_minor: What was lost, minor units; 0 where nobody said.
    """

    label: Literal["fraud", "genuine"]
    reverses: bool
    labelled_at_s: float
    source: str
    produced_at_ms: int
    pending: bool
    expires_at_s: float
    # With defaults, so that changelogs without them are read as well.
    alerted: bool = False
    loss_minor: int = 0

    @property
    def verdict(self) -> Verdict:
        """What the event is held to be."""
        return "none" if self.reverses else self.label


class AlertedLabels(NamedTuple):
    """What labels in force say of a line's alerts.

    Attributes:
        labels: On alerted events.
        frauds: Those of them that say fraud.
        loss_minor: What was lost on alerted events, minor units of their currencies.
        missed_minor: What was lost on events that were not alerted.
    """

    labels: int = 0
    frauds: int = 0
    loss_minor: int = 0
    missed_minor: int = 0


def settle(known: LabelEntry | None, new: LabelEntry) -> Settlement:
    """Return what `new` does to an event of which `known` was last said.

    Returns:
        `applied`: the verdict changes. `confirmed`: newer, with the same verdict.
        `duplicate`: the very same label again. `older`: something newer is known.
    """
    if known is None:
        return "applied"
    if new.labelled_at_s < known.labelled_at_s:
        return "older"
    if (new.labelled_at_s, new.verdict, new.source) == (known.labelled_at_s, known.verdict, known.source):
        return "duplicate"
    return "confirmed" if new.verdict == known.verdict else "applied"


def fraud_delta(before: Verdict, after: Verdict) -> int:
    """Return by how much the number of known frauds changes: +1, 0 or -1."""
    return (after == "fraud") - (before == "fraud")


class LabelState:
    """Labels and line clocks of one partition number, mirrored by a changelog."""

    def __init__(self, horizons: LabelHorizons) -> None:
        """Keep labels as long as their lines' horizons say, in event time."""
        self.horizons = horizons
        self._entries: dict[bytes, LabelEntry] = {}
        self._clocks: dict[str, LineClock] = {}
        self._written_s: dict[str, float] = {}
        self._expiry: dict[str, list[tuple[float, bytes]]] = {}
        self._touched: dict[bytes, None] = {}
        self._alerted: dict[str, AlertedLabels] = {}

    @property
    def alerted(self) -> dict[str, AlertedLabels]:
        """The labels in force on alerted events, by line."""
        return self._alerted

    def clock(self, line: str) -> LineClock | None:
        """Return the line's clock, None before its first event."""
        return self._clocks.get(line)

    def observe(self, lines: Sequence[str], occurred_at_s: Sequence[float]) -> LineRates:
        """Count events of lines, in order, and return what their lines had been seen to have."""
        names, which = distinct(lines)
        for name in names:
            if name not in self._clocks:
                first_s = occurred_at_s[lines.index(name)]
                self._clocks[name] = LineClock(first_s, first_s)
        return observe_events([self._clocks[name] for name in names], which, np.array(occurred_at_s, np.float64))

    def entry(self, line: str, event_id: str) -> LabelEntry | None:
        """Return what was last said of an event."""
        return self.entry_of(event_key(line, event_id))

    def entry_of(self, key: bytes) -> LabelEntry | None:
        """Return what was last said of an event, by its key (`event_key`)."""
        return self._entries.get(key)

    def put(self, line: str, event_id: str, entry: LabelEntry) -> None:
        """Hold `entry` to be the last word on an event."""
        self._put(event_key(line, event_id), entry)

    def drop(self, line: str, event_id: str) -> None:
        """Forget an event."""
        key = event_key(line, event_id)
        if self._remove(key):
            self._touched[key] = None

    def expire(self, line: str) -> list[tuple[str, LabelEntry]]:
        """Drop the line's entries whose time has passed.

        Returns:
            (event id, entry) of those dropped whose event was never scored.
        """
        clock = self._clocks.get(line)
        waiting = self._expiry.get(line)
        unmet: list[tuple[str, LabelEntry]] = []
        while clock and waiting and waiting[0][0] < clock.watermark_s:
            expires_at_s, key = heapq.heappop(waiting)
            entry = self._entries.get(key)
            if entry is None or entry.expires_at_s != expires_at_s:
                continue
            self._remove(key)
            self._touched[key] = None
            if entry.pending:
                unmet.append((_names(key)[1], entry))
        return unmet

    def drain_changes(self) -> list[tuple[bytes, bytes | None]]:
        """Return (key, value) of all that changed since the last call; None deletes."""
        changes: list[tuple[bytes, bytes | None]] = [
            (key, None if (entry := self._entries.get(key)) is None else msgspec.msgpack.encode(entry))
            for key in self._touched
        ]
        self._touched.clear()
        for line, clock in self._clocks.items():
            # Expiry and sampling can bear to fall back a minute; a record per batch and line costs.
            if clock.watermark_s >= self._written_s.get(line, float("-inf")) + _CLOCK_STEP_S:
                self._written_s[line] = clock.watermark_s
                changes.append((_CLOCK + line.encode(), msgspec.msgpack.encode(clock)))
        return changes

    def restore(self, records: Iterable[tuple[bytes, bytes | None]]) -> int:
        """Take records of the changelog, oldest first; return how many were applied."""
        count = 0
        for key, value in records:
            count += 1
            if key.startswith(_CLOCK):
                if value is not None:
                    self._restore_clock(key[1:].decode(), msgspec.msgpack.decode(value, type=LineClock))
            elif value is None:
                self._remove(key)
            else:
                self._put(key, msgspec.msgpack.decode(value, type=LabelEntry))
        self._touched.clear()
        return count

    def size_bytes(self) -> int:
        """Return the memory the state takes, roughly."""
        return _ENTRY_BYTES * (len(self._entries) + len(self._clocks))

    def _restore_clock(self, line: str, clock: LineClock) -> None:
        self._clocks[line] = clock
        self._written_s[line] = clock.watermark_s

    def _put(self, key: bytes, entry: LabelEntry) -> None:
        self._remove(key)
        self._entries[key] = entry
        self._touched[key] = None
        line = _names(key)[0]
        self._count(line, entry, 1)
        heapq.heappush(self._expiry.setdefault(line, []), (entry.expires_at_s, key))

    def _remove(self, key: bytes) -> bool:
        entry = self._entries.pop(key, None)
        if entry is None:
            return False
        self._count(_names(key)[0], entry, -1)
        return True

    def _count(self, line: str, entry: LabelEntry, sign: int) -> None:
        if entry.pending or entry.reverses or not (entry.alerted or entry.loss_minor):
            return
        labels, frauds, loss, missed = self._alerted.get(line, AlertedLabels())
        if entry.alerted:
            labels, frauds, loss = (
                labels + sign, frauds + sign * (entry.label == "fraud"), loss + sign * entry.loss_minor,
            )  # fmt: skip
        else:
            missed += sign * entry.loss_minor
        self._alerted[line] = AlertedLabels(labels, frauds, loss, missed)


def _names(key: bytes) -> tuple[str, str]:
    line, _, event_id = key.partition(b"\0")
    return line.decode(), event_id.decode()

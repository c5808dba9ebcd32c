"""One alert for each subject and period, whatever the order of its events."""

import math
from collections.abc import Iterable

from stream.alerts.alert import Alert, alert_of
from stream.alerts.cause import Cause, causes_of
from stream.events.business_line import FinancedBefore
from stream.events.scored_event import ScoredEvent

# Alerts are remembered so long behind the line's newest one. What comes later still raises
# its alert, again if it is a repeat: under the same `alert_id`, so that nothing is lost.
KEPT_PERIODS = 30
_RAISED = b"\1"
# Behind a subject, which holds none.
_OF_DOCUMENT = "\0document"

Subjects = set[str]


class AlertDeduplicator:
    """Remembers which subjects have an alert in which period; a `PartitionState`.

    What it remembers follows from the candidates alone, by event time, so a state
    that was restored decides as one that was never disturbed.
    """

    def __init__(self) -> None:
        """Start without alerts."""
        self._raised: dict[str, dict[float, Subjects]] = {}
        self._changes: dict[bytes, bytes | None] = {}

    def raise_alert(self, event: ScoredEvent, period_s: float, financed_before: FinancedBefore) -> Alert | None:
        """Return the alert if this is the subject's first in its period for one of its causes, else None.

        Scores and documents that were financed before are counted apart: neither silences the other.

        Args:
            event: An alert candidate.
            period_s: The line's period; periods are counted from the epoch.
            financed_before: Which matches of the event's document call for one.
        """
        start_s = math.floor(event.occurred_at_s / period_s) * period_s
        periods = self._raised.setdefault(event.line, {})
        known = periods.get(start_s, ())
        new = [cause for cause in causes_of(event, financed_before) if _named(event, cause) not in known]
        if not new:
            return None
        newest_s = max(periods, default=start_s)
        if start_s >= newest_s - KEPT_PERIODS * period_s:
            subjects = [_named(event, cause) for cause in new]
            periods.setdefault(start_s, set()).update(subjects)
            self._changes |= {_key(event.line, subject, start_s): _RAISED for subject in subjects}
        if start_s > newest_s:
            self._forget(event.line, start_s - KEPT_PERIODS * period_s)
        return alert_of(event, start_s, new[0])

    def _forget(self, line: str, before_s: float) -> None:
        periods = self._raised[line]
        for start_s in [one for one in periods if one < before_s]:
            for subject in sorted(periods.pop(start_s)):
                self._changes[_key(line, subject, start_s)] = None

    def drain_changes(self) -> list[tuple[bytes, bytes | None]]:
        """Return what changed since the last call."""
        changes = list(self._changes.items())
        self._changes.clear()
        return changes

    def restore(self, records: Iterable[tuple[bytes, bytes | None]]) -> int:
        """Take raised alerts back from the changelog."""
        count = 0
        for key, value in records:
            line, _, rest = key.decode().partition("\0")
            subject, _, start = rest.rpartition("\0")
            self._apply(line, subject, float(start), raised=value is not None)
            count += 1
        return count

    def _apply(self, line: str, subject: str, start_s: float, *, raised: bool) -> None:
        periods = self._raised.setdefault(line, {})
        if raised:
            periods.setdefault(start_s, set()).add(subject)
            return
        periods.get(start_s, set()).discard(subject)
        if not periods.get(start_s):
            periods.pop(start_s, None)

    def size_bytes(self) -> int:
        """Return about how much memory the raised alerts take."""
        return sum(250 + 150 * len(subjects) for periods in self._raised.values() for subjects in periods.values())


def _named(event: ScoredEvent, cause: Cause) -> str:
    return event.subject if cause == "score" else f"{event.subject}{_OF_DOCUMENT}"


def _key(line: str, subject: str, start_s: float) -> bytes:
    return f"{line}\0{subject}\0{start_s!r}".encode()

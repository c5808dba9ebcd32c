"""One alert for each subject and period, whatever the order of its events."""

import math
import struct
from collections.abc import Iterable

from stream.alerts.alert import Alert, alert_of
from stream.events.scored_event import ScoredEvent

_KEPT_PERIODS = 30
_SWEEP_EVERY = 4_096


class AlertDeduplicator:
    """Remembers which subjects have an alert in which period; a `PartitionState`."""

    def __init__(self) -> None:
        """Start without alerts."""
        self._open: dict[bytes, float] = {}
        self._changes: dict[bytes, bytes | None] = {}
        self._newest_s: dict[str, float] = {}
        self._since_sweep = 0

    def raise_alert(self, event: ScoredEvent, period_s: float) -> Alert | None:
        """Return the alert if this is the subject's first in its period, else None.

        Args:
            event: An alert candidate.
            period_s: The line's period; periods are counted from the epoch.
        """
        start_s = math.floor(event.occurred_at_s / period_s) * period_s
        key = f"{event.line}\0{event.subject}\0{start_s:.0f}".encode()
        self._newest_s[event.line] = max(self._newest_s.get(event.line, start_s), start_s)
        if key in self._open:
            return None
        expires_s = start_s + _KEPT_PERIODS * period_s
        self._open[key] = expires_s
        self._changes[key] = struct.pack("<d", expires_s)
        self._since_sweep += 1
        if self._since_sweep >= _SWEEP_EVERY:
            self._sweep()
        return alert_of(event, start_s)

    def _sweep(self) -> None:
        self._since_sweep = 0
        for key, expires_s in list(self._open.items()):
            line = key.split(b"\0", 1)[0].decode()
            if expires_s < self._newest_s.get(line, -math.inf):
                del self._open[key]
                self._changes[key] = None

    def drain_changes(self) -> list[tuple[bytes, bytes | None]]:
        """Return what changed since the last call."""
        changes = list(self._changes.items())
        self._changes.clear()
        return changes

    def restore(self, records: Iterable[tuple[bytes, bytes | None]]) -> int:
        """Take open alerts back from the changelog."""
        count = 0
        for key, value in records:
            if value is None:
                self._open.pop(key, None)
            else:
                self._open[key] = float(struct.unpack("<d", value)[0])
                line, _, rest = key.decode().partition("\0")
                start_s = float(rest.rpartition("\0")[2])
                self._newest_s[line] = max(self._newest_s.get(line, start_s), start_s)
            count += 1
        return count

    def size_bytes(self) -> int:
        """Return about how much memory the open alerts take."""
        return 200 * len(self._open)

"""Features of scored events in memory: the backtest's and the tests' feature store."""

from collections.abc import Sequence

from stream.adaptation.stored_event import StoredEvent, stored
from stream.events.label_horizons import LabelHorizons
from stream.events.scored_event import ScoredEvent

_SWEEP_EVERY = 50_000


class MemoryFeatureStore:
    """Keeps what events were scored from until the label horizon, in a dict."""

    def __init__(self, horizons: LabelHorizons) -> None:
        """Start empty; forget events older than the longest horizon before the newest."""
        self._horizon_s = horizons.longest_s
        self._events: dict[tuple[str, str], StoredEvent] = {}
        self._newest_s = float("-inf")
        self._since_sweep = 0
        self.next_offset = 0

    def put(self, events: Sequence[ScoredEvent], next_offset: int) -> None:
        """Keep `events`; `next_offset` is the first offset after them."""
        self.next_offset = next_offset
        self._events.update({(event.line, event.event_id): stored(event) for event in events})
        self._newest_s = max([self._newest_s, *[event.occurred_at_s for event in events]])
        self._since_sweep += len(events)
        if self._since_sweep >= _SWEEP_EVERY:
            self._sweep()

    def get(self, keys: Sequence[tuple[str, str]]) -> list[StoredEvent | None]:
        """Return what is kept for each (line, event id)."""
        return [self._events.get(key) for key in keys]

    def _sweep(self) -> None:
        self._since_sweep = 0
        oldest_s = self._newest_s - self._horizon_s
        self._events = {key: event for key, event in self._events.items() if event.occurred_at_s >= oldest_s}

    def close(self) -> None:
        """Hold no files."""

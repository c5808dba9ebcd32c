"""A partition's state that tells when it has come back, for gauges that must not wait for the next record."""

from collections.abc import Callable, Iterable

from stream.features.partition_state import PartitionState


class ToldState:
    """Passes all on to a state, and tells after each restore."""

    def __init__(self, state: PartitionState, restored: Callable[[], None]) -> None:
        """Call `restored` whenever `state` took records of the changelog."""
        self._state = state
        self._restored = restored

    def drain_changes(self) -> list[tuple[bytes, bytes | None]]:
        """Return the state's changes."""
        return self._state.drain_changes()

    def restore(self, records: Iterable[tuple[bytes, bytes | None]]) -> int:
        """Hand the records to the state, then tell."""
        count = self._state.restore(records)
        self._restored()
        return count

    def size_bytes(self) -> int:
        """Return the state's memory."""
        return self._state.size_bytes()

"""Reads a topic of supply-chain documents, of one line or of several."""

from collections.abc import Sequence

from stream.clock import Clock
from stream.events.business_line import BusinessLine
from stream.events.supply_chain.decode import Rejection, decode_of_lines
from stream.events.supply_chain.supply_chain_event import SupplyChainEvent


class DocumentsTopic:
    """Reads the documents of one topic."""

    def __init__(self, lines: Sequence[BusinessLine], clock: Clock, max_bytes: int = 65_536) -> None:
        """Join the topic's lines.

        Args:
            lines: All that read the topic. An event names its line; it may leave it out where there is only one.
            clock: Tells the future from the past.
            max_bytes: Larger records are refused.
        """
        self._most_ahead_s = {line.name: line.max_future_s for line in lines}
        self._clock = clock
        self._max_bytes = max_bytes

    def read(self, value: bytes | None) -> SupplyChainEvent | Rejection:
        """Return the document, or why it cannot be used; never raises for what the bytes hold."""
        now_s = self._clock.now_s()
        latest_s = {line: now_s + ahead_s for line, ahead_s in self._most_ahead_s.items()}
        return decode_of_lines(value, latest_s, max_bytes=self._max_bytes)

"""Records that could not be used: kept with their reason, and a limit on their share."""

from collections import deque

from stream.errors import ForeshotError
from stream.events.decode import Rejected
from stream.one_line import one_line
from stream.pipelines.effects import DEAD_LETTERS, Outgoing

_LEAST_RECORDS = 100
_MOST_KEY_BYTES = 1_024
_MOST_WORDS = 1_024


def dead_letter(rejected: Rejected, most_bytes: int) -> Outgoing:
    """Return the record for `dead-letters`: the original bytes, all else in headers.

    Args:
        rejected: The record and its reason.
        most_bytes: Of the value; it is cut there, and headers say how long it and its key were.
    """
    source = rejected.record
    headers: tuple[tuple[str, bytes], ...] = (
        ("reason", rejected.reason.encode()),
        ("field", _words(rejected.field or "")),
        ("detail", _words(rejected.detail)),
        ("topic", source.topic.encode()),
        ("partition", str(source.partition).encode()),
        ("offset", str(source.offset).encode()),
    )
    key = source.key if source.key is not None else f"{source.topic}/{source.partition}/{source.offset}".encode()
    value = source.value
    if len(key) > _MOST_KEY_BYTES:
        headers, key = (*headers, ("key-bytes", str(len(key)).encode())), key[:_MOST_KEY_BYTES]
    if value is not None and len(value) > most_bytes:
        headers, value = (*headers, ("value-bytes", str(len(value)).encode())), value[:most_bytes]
    return Outgoing(DEAD_LETTERS, key, value, headers=headers)


def _words(text: str) -> bytes:
    return one_line(text[:_MOST_WORDS]).encode()


class DeadLetterLimit:
    """Stops a worker loudly when too great a share of its records is unusable."""

    def __init__(self, max_ratio: float, window: int) -> None:
        """Allow `max_ratio` of the last `window` records to be unusable."""
        self._max_ratio = max_ratio
        self._window = window
        self._runs: deque[tuple[int, int]] = deque()
        self._records = 0
        self._rejected = 0

    def take(self, records: int, rejected: int, topic: str) -> None:
        """Book one micro-batch.

        Raises:
            ForeshotError: The share is above the limit; nothing of the batch is written.
        """
        self._runs.append((records, rejected))
        self._records += records
        self._rejected += rejected
        while self._records - self._runs[0][0] >= self._window:
            oldest = self._runs.popleft()
            self._records -= oldest[0]
            self._rejected -= oldest[1]
        if self._records >= _LEAST_RECORDS and self._rejected > self._max_ratio * self._records:
            raise ForeshotError(
                f"topic {topic}: {self._rejected} of the last {self._records} records could not be used, above the "
                f"limit of {self._max_ratio:.0%}; look at dead-letters, mend the line files or the producer, or "
                "raise FORESHOT_MAX_DEAD_LETTER_RATIO; nothing was lost, the worker goes on where it stopped"
            )

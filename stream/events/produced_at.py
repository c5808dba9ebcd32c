"""When a record was first produced, carried by a header over a hop that writes it anew.

Not by Kafka's own timestamp: by that one a topic's retention goes, and brokers refuse or
replace it, so events with old or odd timestamps would be lost on the way.
"""

from collections.abc import Iterable

_HEADER = "produced-at-ms"
_MOST_DIGITS = 15


def produced_at_headers(timestamp_ms: int) -> tuple[tuple[str, bytes], ...]:
    """Return the headers that carry a time, epoch milliseconds."""
    return ((_HEADER, str(timestamp_ms).encode()),)


def produced_at_ms(headers: Iterable[tuple[str, bytes | None]], otherwise_ms: int) -> int:
    """Return the time that the headers carry, `otherwise_ms` where they carry none that can be read."""
    for name, value in headers:
        if name == _HEADER and value and value.isdigit() and len(value) <= _MOST_DIGITS:
            return int(value)
    return otherwise_ms

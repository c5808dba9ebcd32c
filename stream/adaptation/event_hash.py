"""A uniform number from an event id: sampling that every restart and every worker repeats."""

from hashlib import blake2b

_RANGE = float(1 << 64)


def unit_hash(purpose: bytes, line: str, event_id: str) -> float:
    """Return a number in [0, 1), independent between purposes.

    Args:
        purpose: At most 16 bytes that name the decision taken with the number.
        line: The event's business line.
        event_id: The event's identifier within it.
    """
    digest = blake2b(f"{line}\0{event_id}".encode(), digest_size=8, person=purpose).digest()
    return int.from_bytes(digest, "little") / _RANGE

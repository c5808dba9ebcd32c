"""A uniform number from an event id: sampling that every restart and every worker repeats."""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from stream.adaptation.stored_event import event_key

_RANGE = float(1 << 64)


def unit_hash(purpose: bytes, line: str, event_id: str) -> float:
    """Return a number in [0, 1), independent between purposes.

    Args:
        purpose: At most 16 bytes that name the decision taken with the number.
        line: The event's business line.
        event_id: The event's identifier within it.
    """
    return float(unit_hashes(purpose, [event_key(line, event_id)])[0])


def unit_hashes(purpose: bytes, keys: Sequence[bytes]) -> npt.NDArray[np.float64]:
    """Return such a number for each event, float64 [n].

    Args:
        purpose: At most 16 bytes that name the decision taken with the numbers.
        keys: The events' keys (`event_key`).
    """
    digests = [blake2b(key, digest_size=8, person=purpose).digest() for key in keys]
    return np.frombuffer(b"".join(digests), "<u8") / _RANGE

"""Finds a key that stands twice in one JSON object: which of the two a reader takes is anyone's guess."""

import json
from typing import Any


def repeated_key(value: bytes) -> str | None:
    """Return the first key that stands twice in one object, at any depth; None where none does.

    Args:
        value: JSON, known to be valid.

    Raises:
        RecursionError: It is nested too deeply.
    """
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                found.append(key)
            seen.add(key)

    # Numbers stay text: some are too long to be worth reading.
    json.loads(value, object_pairs_hook=look, parse_int=str, parse_float=str)
    return found[0] if found else None

"""Finds a key that stands twice in one JSON object: which of the two a reader takes is anyone's guess."""

import json
from typing import Any


class _RepeatedError(Exception):
    """Carries the key out of the parser."""


def repeated_key(value: bytes) -> str | None:
    """Return the first key that stands twice in one object, at any depth; None where none does.

    Args:
        value: JSON in UTF-8, known to be valid.

    Raises:
        RecursionError: It is nested too deeply.
    """
    try:
        _DECODER.decode(value.decode())
    except _RepeatedError as found:
        return str(found)
    return None


def _look(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) == len(pairs):
        return
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise _RepeatedError(key)
        seen.add(key)


# Numbers stay text: some are too long to be worth reading.
_DECODER = json.JSONDecoder(object_pairs_hook=_look, parse_int=str, parse_float=str)

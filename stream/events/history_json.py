"""Writes a row of history as the JSON event that its user would have produced."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson

from stream.events.business_line import BusinessLine
from stream.events.history_documents import DOCUMENT_COLUMN
from stream.events.history_file import event_fields

Writer = Callable[[Mapping[str, Any], str], bytes]


def event_writer(line: BusinessLine) -> Writer:
    """Return a function from a row's fields and its event id to JSON bytes.

    Fields inside others become objects again, empty fields are left out, and a row
    number travels under the field that the line names for it. A document is its own JSON.
    """
    if line.documents is not None:
        return lambda content, _: bytes(content[DOCUMENT_COLUMN], "utf-8")
    paths = [(name, name.split(".")) for name in event_fields(line)]
    numbered = line.roles.event_id.field if line.roles.event_id.row else None

    def write(content: Mapping[str, Any], event_id: str) -> bytes:
        event: dict[str, Any] = {}
        for name, path in paths:
            if (value := content[name]) is not None:
                _put(event, path, value.isoformat() if isinstance(value, datetime) else value)
        if numbered is not None:
            _put(event, numbered.split("."), int(event_id))
        return orjson.dumps(event)

    return write


def _put(event: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        event = event.setdefault(part, {})
    event[path[-1]] = value

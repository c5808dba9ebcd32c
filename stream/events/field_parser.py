"""Parses events' JSON and takes the fields that a topic's lines read, for whole batches.

A compiled parser takes an event whose fields are all known to it, and plain values, in two thirds of the time
that a dictionary takes. What it refuses (a field that it does not know, a list or an object, an integer of
more than 64 bits, what is no JSON) is read by orjson as a dictionary, as single events are. Both ways give
the same, whatever was parsed before: a test compares them on damaged events.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import orjson

from stream.events.roles import compile_paths
from stream.events.unreadable import UNREADABLE

# Each name that no event has costs a look; an event with one more is read as a dictionary.
_MOST_NAMES = 64
_LONGEST_NAME = 100
# A name is learnt where so many of a batch's events, or more, have it: one in so many.
_COMMON = 8
# Where most of a batch is read as dictionaries for all that was learnt, so many batches are from the start.
_REST_BATCHES = 100

# Larger ones are floats to orjson; and only plain values, for inside others it is not asked what integers there are.
_Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Value = bool | _Integer | float | str | None

Fields = tuple[Any, ...]


class FieldParser:
    """Takes the fields of one topic's events, and learns by them which other fields these have.

    Example:
        >>> parser = FieldParser(["id", "amount"])
        >>> parser.parse([b'{"id":"a","amount":4.7,"note":"-"}', b"no JSON", b'{"id":"b"}'], 1_000)
        ([0, 2], [('a', 4.7), ('b', None)])
    """

    def __init__(self, paths: Sequence[str]) -> None:
        """Compile two dotted paths or more."""
        self._paths = list(paths)
        self._take = compile_paths(paths)
        self._names = list(paths)
        plain = not any("." in path or not _learnable(path) for path in paths)
        self._decode = _decoder_of(paths) if plain else None
        self._resting = 0

    @property
    def names(self) -> tuple[str, ...]:
        """All fields that the compiled parser knows."""
        return tuple(self._names)

    def parse(self, values: Sequence[bytes | None], most_bytes: int) -> tuple[list[int], list[Fields]]:
        """Return which values are JSON objects of so many bytes or fewer, and each one's fields.

        A field that is missing is None.
        """
        decode, as_tuple, count = self._decode, msgspec.structs.astuple, len(self._paths)
        if decode is None or self._resting:
            self._resting = max(self._resting - 1, 0)
            return self._as_dictionaries(values, most_bytes)
        rows, fields = list[int](), list[Fields]()
        others: list[dict[str, Any]] = []
        for row, value in enumerate(values):
            if value is None or len(value) > most_bytes:
                continue
            try:
                taken = as_tuple(decode(value))[:count]
            except UNREADABLE:
                event = _loaded(value)
                if event is None:
                    continue
                others.append(event)
                taken = self._take(event)
            rows.append(row)
            fields.append(taken)
        if others:
            self._learn(others, len(rows))
        return rows, fields

    def _as_dictionaries(self, values: Sequence[bytes | None], most_bytes: int) -> tuple[list[int], list[Fields]]:
        events = [
            (row, event)
            for row, value in enumerate(values)
            if value is not None and len(value) <= most_bytes and (event := _loaded(value)) is not None
        ]
        return [row for row, _ in events], [self._take(event) for _, event in events]

    def _learn(self, others: Sequence[dict[str, Any]], events: int) -> None:
        """Learn the names of events that were read as dictionaries, where many have them."""
        seen = Counter(name for event in others for name in event)
        known = {*self._names}
        news = [name for name, count in seen.items() if count * _COMMON >= events and name not in known]
        news = [name for name in news if _learnable(name)]
        if news:
            # What was learnt from events that are no longer there makes room.
            former = self._names if len(self._names) + len(news) <= _MOST_NAMES else self._paths
            self._names = [*former, *news[: max(_MOST_NAMES - len(former), 0)]]
            self._decode = _decoder_of(self._names)
        elif 2 * len(others) > events:
            self._resting = _REST_BATCHES


def _decoder_of(names: Sequence[str]) -> Any:
    fields = {f"field{at}": name for at, name in enumerate(names)}
    shape = msgspec.defstruct(
        "Fields", [(field, _Value, None) for field in fields], rename=fields, forbid_unknown_fields=True, gc=False
    )
    return msgspec.json.Decoder(shape).decode


def _learnable(name: str) -> bool:
    return name.isprintable() and len(name) <= _LONGEST_NAME and '"' not in name and "\\" not in name


def _loaded(value: bytes) -> dict[str, Any] | None:
    try:
        event = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return event if type(event) is dict else None

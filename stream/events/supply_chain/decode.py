"""Turns the bytes of a supply-chain event into the event, or says why it is none."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from stream.events.reject_reason import RejectReason
from stream.events.supply_chain.repeated_key import repeated_key
from stream.events.supply_chain.strict import MISFIT
from stream.events.supply_chain.supply_chain_event import EVENT_TYPES, AnyEvent, SupplyChainEvent
from stream.events.transaction import explain
from stream.one_line import one_line

_MOST_IN_HAND = 1 << 20
_MOST_WORDS = 400
_MOST_FIELD = 100


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an event cannot be used.

    Attributes:
        reason: As in dead letters.
        field: Dotted path of the field at fault, None where it is the whole event.
        words: For a person, one line.
    """

    reason: RejectReason
    field: str | None
    words: str


def decode_supply_chain(
    value: bytes | None, line: str, *, max_bytes: int = 65_536, latest_s: float | None = None
) -> SupplyChainEvent | Rejection:
    """Return the event, or why it cannot be used; never raises for what the bytes hold.

    Args:
        value: A JSON object as `docs/supply_chain.md` describes it.
        line: The business line it is read for; an event may leave its own `line` out, and may name no other.
        max_bytes: Larger ones are refused unread.
        latest_s: Later event times are refused as `far_future`, epoch seconds; None takes all.
    """
    latest_by_line = {line: math.inf if latest_s is None else latest_s}
    return decode_of_lines(value, latest_by_line, max_bytes=max_bytes)


def decode_of_lines(
    value: bytes | None, latest_s: Mapping[str, float], *, max_bytes: int = 65_536
) -> SupplyChainEvent | Rejection:
    """Return an event of one of several lines, or why it cannot be used.

    Args:
        value: As above.
        latest_s: By line, the latest event time that is taken, epoch seconds. An event may leave its line out where
            there is only one.
        max_bytes: Larger ones are refused unread.
    """
    event = _read(value, max_bytes)
    if isinstance(event, Rejection):
        return event
    found = _validate({"line": next(iter(latest_s)), **event} if len(latest_s) == 1 else event)
    if isinstance(found, Rejection):
        return found
    if found.line not in latest_s:
        wanted = ", ".join(map(repr, latest_s))
        return _rejection("unknown_line", "line", f"line is {found.line!r}; this is read for line {wanted}")
    if found.occurred_at_s > latest_s[found.line]:
        ahead_s = found.occurred_at_s - latest_s[found.line]
        return _rejection("far_future", "occurred_at_s", f"occurred_at_s lies {ahead_s:.0f} s too far in the future")
    return found


def decode_in_hand(value: bytes) -> SupplyChainEvent | Rejection:
    """Return a document of any line, or none, that somebody holds in hand; or why it cannot be read."""
    event = _read(value, _MOST_IN_HAND)
    return event if isinstance(event, Rejection) else _validate({"line": "in hand", **event})


def _read(value: bytes | None, max_bytes: int) -> Mapping[str, Any] | Rejection:
    if value is None:
        return _rejection("unreadable", None, "the record has no value")
    if len(value) > max_bytes:
        return _rejection("oversized", None, f"{len(value)} bytes, at most {max_bytes} are taken")
    try:
        return _object(orjson.loads(value), repeated_key(value))
    except orjson.JSONDecodeError as error:
        return _rejection("unreadable", None, f"is not JSON: {error}")
    except RecursionError:
        return _rejection("unreadable", None, "is nested too deeply")


def _object(event: Any, twice: str | None) -> Mapping[str, Any] | Rejection:
    if not isinstance(event, dict):
        return _rejection("unreadable", None, "must be a JSON object")
    if twice is not None:
        return _rejection("bad_value", twice, f"{twice[:_MOST_FIELD]} is given twice")
    return event


def _validate(event: Mapping[str, Any]) -> AnyEvent | Rejection:
    kind = event.get("type")
    if kind is None:
        return _rejection("missing_field", "type", "type is missing")
    if type(kind) is not str:
        return _rejection("wrong_type", "type", "type must be text")
    if (model := EVENT_TYPES.get(kind)) is None:
        return _rejection("bad_value", "type", f"type must be one of {', '.join(EVENT_TYPES)}")
    try:
        return model.model_validate(event)
    except ValidationError as error:
        return _told(error)


def _told(error: ValidationError) -> Rejection:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == MISFIT:
        field = first["ctx"]["field"]
        return _rejection("bad_value", field, f"{field} {first['msg']}")
    reason, at, words = explain(error)
    return _rejection(reason, at, f"{at} must be an object" if first["type"] == "model_type" else words)


def _rejection(reason: RejectReason, field: str | None, words: str) -> Rejection:
    shown = None if field is None else one_line(field[:_MOST_FIELD])
    return Rejection(reason, shown, one_line(words[:_MOST_WORDS]))

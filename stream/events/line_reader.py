"""Reads the events of one line: its roles compiled once, then applied to every event."""

from collections.abc import Callable, Mapping
from typing import Any

from stream.events.business_line import BusinessLine
from stream.events.event_time import compile_time
from stream.events.line_roles import FieldRole
from stream.events.role_fields import role_fields
from stream.events.roles import Event, compile_amount, compile_coordinate, compile_path, compile_text
from stream.events.transaction import Transaction

RoleReader = Callable[[Event], Any]


class LineReader:
    """Reads the events of one line.

    Attributes:
        line: The line.
        named: What a transaction's fields are called in messages: `event_id (field id)`.
    """

    def __init__(self, line: BusinessLine) -> None:
        """Compile the line's roles."""
        roles = line.roles
        self.line = line
        self.named = role_fields(line)
        self._event_id = compile_text(roles.event_id, "event_id", required=True)
        self._subject = compile_text(roles.subject, "subject", required=True)
        self._counterparty = compile_text(roles.counterparty, "counterparty", required=True)
        self._occurred_at = compile_time(roles.occurred_at)
        self._amount = compile_amount(roles.amount, allow_negative=line.allow_negative)
        self._own_currency = compile_text(roles.currency, "currency", required=False) if roles.currency else None
        self._others = list(_optional_readers(line))

    def read(self, event: Event) -> Transaction:
        """Return the event in canonical roles.

        Raises:
            RoleError: A role cannot be read.
            ValidationError: A role's value does not fit.
        """
        currency = self.currency(event)
        found = {
            "event_id": self._event_id(event),
            "line": self.line.name,
            "occurred_at_s": self._occurred_at(event),
            "subject": self._subject(event),
            "counterparty": self._counterparty(event),
            "amount_minor": self._amount(event, currency),
            "currency": currency,
        }
        for name, getter in self._others:
            if (value := getter(event)) is not None:
                found[name] = value
        return Transaction.model_validate(found)

    def currency(self, event: Event) -> str:
        """Return the event's currency, the line's where the event names none."""
        own = self._own_currency
        return (own(event) if own is not None else None) or self.line.currency

    def role_readers(self) -> list[tuple[str, RoleReader]]:
        """Return every role that the line declares with its reader, for showing one by one."""
        return [
            ("event_id", self._event_id),
            ("occurred_at", self._occurred_at),
            ("subject", self._subject),
            ("counterparty", self._counterparty),
            ("amount_minor", lambda event: self._amount(event, self.currency(event))),
            ("currency", self.currency),
            *self._others,
        ]


def _optional_readers(line: BusinessLine) -> list[tuple[str, RoleReader]]:
    roles, found = line.roles, list[tuple[str, RoleReader]]()
    named = {"instrument": roles.instrument, "channel": roles.channel, "text": roles.text}
    if roles.place is not None and roles.place.field is not None:
        named["place"] = FieldRole(field=roles.place.field)
    for name, role in named.items():
        if role is not None:
            found.append((name, compile_text(role, name, required=False)))
    if roles.place is not None and roles.place.latitude is not None and roles.place.longitude is not None:
        found.append(("latitude", compile_coordinate(roles.place.latitude, "latitude")))
        found.append(("longitude", compile_coordinate(roles.place.longitude, "longitude")))
    return found


def fits(value: Any, wanted: str | int | bool) -> bool:  # noqa: FBT001 - a value of a line file, not a flag
    """Tell whether a field holds the value by which a line is told; true is not 1."""
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


class LineChooser:
    """Finds which line of a topic an event belongs to.

    Lines that are told apart by the same fields are found by one look-up, whatever
    their number; others are tried in the order in which they were declared.
    """

    def __init__(self, readers: list[LineReader]) -> None:
        """Prepare the look-up."""
        fields = tuple(sorted(readers[0].line.match)) if readers else ()
        same = all(tuple(sorted(reader.line.match)) == fields for reader in readers)
        self._getters = [compile_path(field) for field in fields] if same else None
        self._by_key: dict[tuple[Any, ...], LineReader] = {}
        self._tried = [
            ([(compile_path(path), value) for path, value in reader.line.match.items()], reader) for reader in readers
        ]
        if same:
            for reader in reversed(readers):
                self._by_key[tuple(_key(reader.line.match[field]) for field in fields)] = reader

    def choose(self, event: Mapping[str, Any]) -> LineReader | None:
        """Return the reader of the event's line, None where it names none of them."""
        if self._getters is None:
            return self._try_each(event)
        return self._by_key.get(tuple([_key(getter(event)) for getter in self._getters]))

    def _try_each(self, event: Mapping[str, Any]) -> LineReader | None:
        for wanted, reader in self._tried:
            if all(fits(getter(event), value) for getter, value in wanted):
                return reader
        return None


def _key(value: Any) -> Any:
    if type(value) is str:
        return value
    # A list or an object names no line and cannot be looked up.
    return (type(value) is bool, value) if isinstance(value, int | float) else None

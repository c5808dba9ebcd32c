"""Reads a line's roles from whole columns, with the results that decoding its JSON gives."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from stream.events.amount_columns import minor_units
from stream.events.business_line import BusinessLine
from stream.events.currency import exponent
from stream.events.event_batch import EventBatch
from stream.events.event_time import EARLIEST_S, LATEST_S, time_converter
from stream.events.history_values import epoch_seconds
from stream.events.line_roles import FieldRole, TimeRole
from stream.events.roles import MOST_MINOR, amount_converter, number_text
from stream.events.text_codes import text_code
from stream.events.text_columns import IDENTIFIER
from stream.events.transaction import CURRENCY_FORM, MOST_CHARACTERS, MOST_WORDS


@dataclass(frozen=True, slots=True)
class LineRows:
    """The rows of a history file that belong to one line.

    Attributes:
        columns: By the path that names them, as JSON would carry their values.
        number: Row numbers in the file, int64 [n].
    """

    columns: Mapping[str, Any]
    number: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.number)

    def refuse(self, wrong: npt.NDArray[np.bool_], what: str) -> None:
        """Raise ValueError that names the first row where `wrong` is true, if any."""
        if wrong.any():
            raise ValueError(f"row {int(self.number[np.flatnonzero(wrong)[0]])}: {what}")


@dataclass(frozen=True, slots=True)
class _Texts:
    """Texts of a role: each different one once, and which one each row has."""

    values: list[str | None]
    index: npt.NDArray[np.int64]

    def rows(self) -> list[Any]:
        values = self.values
        return [values[at] for at in self.index.tolist()]


def read_columns(rows: LineRows, line: BusinessLine) -> EventBatch:
    """Return a line's rows as events, in the file's order.

    Raises:
        ValueError: A row does not fit; says which.
    """
    roles, place = line.roles, line.roles.place
    occurred_at_s = _times(rows, roles.occurred_at)
    currency = _currency(rows, line)
    minor = _minor(rows, line, currency)
    return EventBatch(
        event_id=_identifiers(rows, roles.event_id, "event_id"),
        line=[line.name] * len(rows),
        subject=_identifiers(rows, roles.subject, "subject"),
        counterparty=_identifiers(rows, roles.counterparty, "counterparty"),
        currency=currency.rows(),
        occurred_at_s=occurred_at_s,
        amount_minor=minor,
        amount=minor / _scale(currency),
        instrument=_codes(rows, roles.instrument, "instrument"),
        place=_codes(rows, FieldRole(field=place.field) if place is not None and place.field else None, "place"),
        latitude=_degrees(rows, place.latitude if place else None, 90.0),
        longitude=_degrees(rows, place.longitude if place else None, 180.0),
        produced_at_ms=(occurred_at_s * 1000).astype(np.int64),
    )


def read_labels(rows: LineRows, path: str | None, unknown: int) -> npt.NDArray[np.int8]:
    """Return 1 fraud, 0 genuine or `unknown` for each row."""
    if path is None:
        return np.full(len(rows), unknown, np.int8)
    column = rows.columns[path]
    if pa.types.is_string(column.type):
        rows.refuse(np.ones(len(rows), np.bool_), f"field {path} is text; a label must be 0, 1, true or false")
    values = column.cast(pa.float64()).to_numpy()
    values = np.where(np.isnan(values), unknown, values)
    rows.refuse(~np.isin(values, (unknown, 0, 1)), f"field {path} is no label; it must be 0, 1, true, false or empty")
    return values.astype(np.int8)


def _texts(rows: LineRows, role: FieldRole, name: str) -> _Texts:
    if role.constant is not None:
        return _Texts([role.constant], np.zeros(len(rows), np.int64))
    if role.row:
        return _Texts([str(one) for one in rows.number.tolist()], np.arange(len(rows)))
    parts = [_one_text(rows.columns[path], name, path) for path in role.paths]
    if len(parts) == 1:
        return parts[0]
    joined = [
        None if None in each else role.join.join(each) for each in zip(*(part.rows() for part in parts), strict=True)
    ]
    return _Texts(joined, np.arange(len(rows)))


def _one_text(column: Any, name: str, path: str) -> _Texts:
    encoded = column.combine_chunks().dictionary_encode()
    values = encoded.dictionary.to_pylist()
    texts: list[str | None] = [one if type(one) is str else number_text(one, name, path) for one in values]
    index = encoded.indices.cast(pa.int64()).fill_null(len(texts)).to_numpy(zero_copy_only=False)
    return _Texts([*texts, None], index)


def _identifiers(rows: LineRows, role: FieldRole, name: str) -> list[str]:
    found = _texts(rows, role, name)
    wrong = np.array([one is None or IDENTIFIER.fullmatch(one) is None for one in found.values], np.bool_)
    if wrong.any():
        what = f"must be 1 to {MOST_CHARACTERS} characters, none of them control characters"
        rows.refuse(wrong[found.index], f"{name} (field {', '.join(role.paths)}) {what}")
    return found.rows()


def _codes(rows: LineRows, role: FieldRole | None, name: str) -> npt.NDArray[np.uint32]:
    if role is None:
        return np.zeros(len(rows), np.uint32)
    found = _texts(rows, role, name)
    wrong = np.array([one is not None and len(one) > MOST_WORDS for one in found.values], np.bool_)
    rows.refuse(wrong[found.index], f"{name} is longer than {MOST_WORDS} characters")
    return np.array([text_code(one) for one in found.values], np.uint32)[found.index]


def _currency(rows: LineRows, line: BusinessLine) -> _Texts:
    role = line.roles.currency
    if role is None:
        return _Texts([line.currency], np.zeros(len(rows), np.int64))
    found = _texts(rows, role, "currency")
    values = [one or line.currency for one in found.values]
    wrong = np.array([re.fullmatch(CURRENCY_FORM, one) is None for one in values], np.bool_)
    rows.refuse(wrong[found.index], "currency must be three capital letters, such as EUR")
    return _Texts(list(values), found.index)


def _scale(currency: _Texts) -> npt.NDArray[np.float64]:
    return np.array([10.0 ** exponent(one or "") for one in currency.values])[currency.index]


def _minor(rows: LineRows, line: BusinessLine, currency: _Texts) -> npt.NDArray[np.int64]:
    role = line.roles.amount
    column = rows.columns[role.field]
    rows.refuse(column.is_null().to_numpy(), f"field {role.field} is missing")
    if pa.types.is_floating(column.type) and role.unit == "major":
        minor = minor_units(column.to_numpy(), _scale(currency), currency.rows())
        rows.refuse(np.abs(minor) > MOST_MINOR, "the amount is beyond 10**15 minor units")
    else:
        read = amount_converter(role, allow_negative=True)
        pairs = zip(column.to_pylist(), currency.rows(), strict=True)
        minor = np.array([read(one, unit) for one, unit in pairs], np.int64)
    if not line.allow_negative:
        rows.refuse(minor < 0, f"field {role.field} is negative; allow_negative takes refunds")
    return minor


def _degrees(rows: LineRows, path: str | None, most: float) -> npt.NDArray[np.float32]:
    if path is None:
        return np.full(len(rows), np.nan, np.float32)
    column = rows.columns[path]
    if pa.types.is_string(column.type) or pa.types.is_boolean(column.type):
        rows.refuse(column.is_valid().to_numpy(), f"field {path} must be a number")
        return np.full(len(rows), np.nan, np.float32)
    degrees = column.cast(pa.float64(), safe=False).to_numpy()
    rows.refuse(np.abs(degrees) > most, f"field {path} is beyond {most:.0f} degrees")
    return degrees.astype(np.float32)  # type: ignore[no-any-return]


def _times(rows: LineRows, role: TimeRole) -> npt.NDArray[np.float64]:
    column = rows.columns[role.field]
    rows.refuse(column.is_null().to_numpy(), f"field {role.field} is missing")
    if pa.types.is_timestamp(column.type):
        found = epoch_seconds(column, role)
    else:
        convert = time_converter(role)
        found = np.array([convert(one) for one in column.to_pylist()], np.float64)
    rows.refuse(~((found >= EARLIEST_S) & (found < LATEST_S)), f"field {role.field} is not of the years 1900 to 2999")
    return found  # type: ignore[no-any-return]

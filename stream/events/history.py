"""History in a parquet file, read into the same columns that live events become."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stream.errors import UsageError
from stream.events.business_line import BusinessLine, FieldRole
from stream.events.currency import exponent, to_minor
from stream.events.decode import text_code
from stream.events.event_batch import EventBatch, take_rows
from stream.events.fraud_label import FraudLabel
from stream.events.roles import RoleError, compile_amount, compile_path

UNKNOWN_LABEL = -1
_MICROSECONDS = 1e6


@dataclass(frozen=True, slots=True)
class History:
    """Events of some lines in event-time order, ties in the file's order.

    Attributes:
        batch: The events.
        label: 1 fraud, 0 genuine, -1 unknown; int8 [n].
        label_known_at_s: When the label becomes known: event time and label delay,
            rounded up to the line's release grid; float64 [n].
        lines: The lines, by name.
        skipped: Rows of the file that belong to no given line.
        table: The users' columns of the same rows, for making their JSON.
    """

    batch: EventBatch
    label: npt.NDArray[np.int8]
    label_known_at_s: npt.NDArray[np.float64]
    lines: Mapping[str, BusinessLine]
    skipped: int
    table: pa.Table


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """An event as its user would have produced it."""

    topic: str
    key: bytes
    value: bytes


def read_history(
    path: Path, lines: Mapping[str, BusinessLine], from_s: float | None = None, until_s: float | None = None
) -> History:
    """Return the events of a parquet file that belong to given lines.

    Args:
        path: The file.
        lines: Business lines by name.
        from_s: Only events from this time on, epoch seconds.
        until_s: Only events before this time, epoch seconds.

    Raises:
        UsageError: The file cannot be read, lacks a column, or holds a value that does not fit.
    """
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{path}: cannot be read as parquet: {str(error).splitlines()[0]}") from error
    rows = pa.array(np.arange(table.num_rows))
    parts = [_read_line(path, table, rows, line) for line in lines.values()]
    skipped = table.num_rows - sum(len(part.batch) for part in parts)
    joined = _join(parts, lines, skipped)
    kept = np.ones(len(joined.batch), np.bool_)
    if from_s is not None:
        kept &= joined.batch.occurred_at_s >= from_s
    if until_s is not None:
        kept &= joined.batch.occurred_at_s < until_s
    return joined if kept.all() else select_rows(joined, np.flatnonzero(kept))


def select_rows(history: History, rows: npt.NDArray[np.int64]) -> History:
    """Return some rows of history, in the order of `rows`."""
    return History(
        take_rows(history.batch, rows),
        history.label[rows],
        history.label_known_at_s[rows],
        history.lines,
        history.skipped,
        history.table.take(pa.array(rows)),
    )


def label_of(history: History, row: int) -> FraudLabel:
    """Return the label of one row, dated when it becomes known."""
    known_at = datetime.fromtimestamp(float(history.label_known_at_s[row]), UTC)
    return FraudLabel(
        event_id=history.batch.event_id[row],
        line=history.batch.line[row],
        label="fraud" if history.label[row] == 1 else "genuine",
        source="history",
        labelled_at=known_at,
    )


def history_records(history: History, rows: npt.NDArray[np.int64]) -> Iterator[HistoryRecord]:
    """Yield some rows as their users would have produced them: JSON keyed by subject."""
    batch = history.batch
    for row, content in zip(rows.tolist(), history.table.take(pa.array(rows)).to_pylist(), strict=True):
        line = history.lines[batch.line[row]]
        event = {name: _as_json(content[name]) for name in _needed(line) if content.get(name) is not None}
        event.update(_dotted_row(line, batch.event_id[row]))
        yield HistoryRecord(line.topic, batch.subject[row].encode(), orjson.dumps(event))


def _dotted_row(line: BusinessLine, event_id: str) -> dict[str, Any]:
    role = line.roles.event_id
    return {role.field: int(event_id)} if role.row and role.field else {}


def _as_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _needed(line: BusinessLine) -> list[str]:
    roles = line.roles
    names: list[str | None] = [roles.occurred_at.field, roles.amount.field, *line.match]
    for role in (roles.event_id, roles.subject, roles.counterparty, roles.instrument, roles.currency, roles.channel):
        if role is not None and not role.row:
            names += [role.field, *(role.fields or ())]
    if roles.place is not None:
        names += [roles.place.field, roles.place.latitude, roles.place.longitude]
    return list(dict.fromkeys(name for name in names if name))


def _read_line(path: Path, table: pa.Table, rows: pa.Array, line: BusinessLine) -> History:
    wanted = _needed(line) + ([line.history.label] if line.history.label else [])
    missing = [name for name in wanted if name not in table.column_names]
    if missing:
        raise UsageError(f"{path}: has no column {missing[0]}, which line {line.name} reads")
    chosen, numbers = table, rows
    if line.match:
        mask = None
        for name, value in line.match.items():
            one = pc.equal(table[name].cast(pa.string()), str(value))
            mask = one if mask is None else pc.and_(mask, one)
        chosen, numbers = table.filter(mask), rows.filter(mask.combine_chunks())
    numbered = chosen.select(list(dict.fromkeys(wanted))).append_column(_ROW, numbers)
    try:
        return _columns(numbered, line)
    except (RoleError, ValueError, pa.ArrowException) as error:
        raise UsageError(f"{path}: line {line.name}: {error}") from error


_ROW = "__row__"


def _columns(table: pa.Table, line: BusinessLine) -> History:
    roles, count = line.roles, table.num_rows
    currency = _texts(table, roles.currency) if roles.currency else [line.currency] * count
    currency = [one or line.currency for one in currency]
    minor = _minor(table, line, currency)
    occurred_at_s = _times(table, line)
    scale = np.array([10.0 ** exponent(one) for one in currency]) if len(set(currency)) > 1 else (
        10.0 ** exponent(currency[0]) if currency else 1.0
    )
    place = roles.place
    batch = EventBatch(
        event_id=_ids(table, roles.event_id),
        line=[line.name] * count,
        subject=_ids(table, roles.subject),
        counterparty=_ids(table, roles.counterparty),
        currency=currency,
        occurred_at_s=occurred_at_s,
        amount_minor=minor,
        amount=minor / scale,
        instrument=_codes(table, roles.instrument),
        place=_codes(table, FieldRole(field=place.field) if place is not None and place.field else None),
        latitude=_degrees(table, place.latitude if place else None),
        longitude=_degrees(table, place.longitude if place else None),
        produced_at_ms=(occurred_at_s * 1000).astype(np.int64),
    )
    label = np.full(count, UNKNOWN_LABEL, np.int8)
    if line.history.label:
        label = pc.fill_null(table[line.history.label].cast(pa.int8()), UNKNOWN_LABEL).to_numpy().astype(np.int8)
    grid_s = line.history.label_release_s
    known_at_s = np.ceil((occurred_at_s + line.label_delay_s) / grid_s) * grid_s
    return History(batch, label, known_at_s, {line.name: line}, 0, table)


def _texts(table: pa.Table, role: FieldRole) -> list[str | None]:
    if role.constant is not None:
        return [role.constant] * table.num_rows
    if role.row:
        return [str(one) for one in table[_ROW].to_pylist()]
    columns = [_as_strings(table[name]) for name in (role.fields or (role.field or "",))]
    if len(columns) == 1:
        return columns[0]
    return [None if None in parts else role.join.join(parts) for parts in zip(*columns, strict=True)]  # type: ignore[arg-type]


def _as_strings(column: pa.ChunkedArray) -> list[str | None]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        return [None if one is None else (str(int(one)) if one.is_integer() else repr(one)) for one in column.to_pylist()]
    return column.cast(pa.string()).to_pylist()  # type: ignore[no-any-return]


def _ids(table: pa.Table, role: FieldRole) -> list[str]:
    found = _texts(table, role)
    for row, one in enumerate(found):
        if not one:
            raise ValueError(f"row {row}: field {role.field or role.fields} is empty")
    return found  # type: ignore[return-value]


def _codes(table: pa.Table, role: FieldRole | None) -> npt.NDArray[np.uint32]:
    if role is None:
        return np.zeros(table.num_rows, np.uint32)
    known: dict[str | None, int] = {}
    texts = _texts(table, role)
    return np.array([known.setdefault(text, text_code(text)) for text in texts], np.uint32)


def _degrees(table: pa.Table, name: str | None) -> npt.NDArray[np.float32]:
    if name is None:
        return np.full(table.num_rows, np.nan, np.float32)
    return table[name].cast(pa.float64()).to_numpy().astype(np.float32)


def _minor(table: pa.Table, line: BusinessLine, currency: list[str]) -> npt.NDArray[np.int64]:
    role = line.roles.amount
    column = table[role.field]
    if role.unit == "minor" or not pa.types.is_floating(column.type):
        read = compile_amount(role, allow_negative=line.allow_negative)
        values = column.to_pylist()
        return np.array([read({role.field: one}, unit) for one, unit in zip(values, currency, strict=True)], np.int64)
    amount = column.cast(pa.float64()).to_numpy()
    if not np.isfinite(amount).all():
        raise ValueError(f"field {role.field}: row {int(np.flatnonzero(~np.isfinite(amount))[0])} is not finite")
    if not line.allow_negative and (amount < 0).any():
        raise ValueError(f"field {role.field}: row {int(np.flatnonzero(amount < 0)[0])} is negative")
    scaled = amount * np.array([10.0 ** exponent(one) for one in currency])
    minor = np.rint(scaled).astype(np.int64)
    # Near a half, the shortest decimal of the number decides, as it does for JSON.
    for row in np.flatnonzero(np.abs(np.abs(scaled - np.floor(scaled)) - 0.5) < 1e-4).tolist():
        from decimal import Decimal  # noqa: PLC0415 - rows near a half are rare

        minor[row] = to_minor(Decimal(repr(float(amount[row]))), currency[row])
    return minor


def _times(table: pa.Table, line: BusinessLine) -> npt.NDArray[np.float64]:
    role = line.roles.occurred_at
    column = table[role.field]
    if column.null_count:
        raise ValueError(f"field {role.field} has empty rows")
    if pa.types.is_timestamp(column.type):
        zone = column.type.tz
        if zone is None and role.timezone != "UTC":
            column = pc.assume_timezone(column, role.timezone)
        return column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64()).to_numpy() / _MICROSECONDS
    if pa.types.is_string(column.type) or pa.types.is_dictionary(column.type):
        from stream.events.roles import compile_time  # noqa: PLC0415 - text times are read one by one

        read = compile_time(role)
        return np.array([read({role.field: one}) for one in _as_strings(column)], np.float64)
    units = 1000.0 if role.format == "epoch_ms" else 1.0
    return column.cast(pa.float64()).to_numpy() / units


def _join(parts: list[History], lines: Mapping[str, BusinessLine], skipped: int) -> History:
    tables = pa.concat_tables([part.table for part in parts], promote_options="permissive")
    number = tables[_ROW].to_numpy()
    batch = _concat([part.batch for part in parts])
    order = np.lexsort((number, batch.occurred_at_s))
    whole = History(
        batch,
        np.concatenate([part.label for part in parts]),
        np.concatenate([part.label_known_at_s for part in parts]),
        lines,
        skipped,
        tables,
    )
    return select_rows(whole, order)


def _concat(batches: list[EventBatch]) -> EventBatch:
    columns: dict[str, Any] = {}
    for name in EventBatch.__slots__:
        values = [getattr(batch, name) for batch in batches]
        columns[name] = (
            [one for value in values for one in value] if isinstance(values[0], list) else np.concatenate(values)
        )
    return EventBatch(**columns)

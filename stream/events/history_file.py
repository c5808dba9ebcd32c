"""Opens a history file and picks a line's rows and fields from it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stream.errors import UsageError
from stream.events.business_line import BusinessLine
from stream.events.history_columns import LineRows
from stream.events.history_documents import DOCUMENT_COLUMN
from stream.events.history_values import find_column, json_column, time_column


def read_table(path: Path, lines: Iterable[BusinessLine]) -> Any:
    """Return the columns of a parquet file that lines read.

    Raises:
        UsageError: The file cannot be read or lacks a column.
    """
    lines = list(lines)
    wanted = {name for line in lines for name in fields_of(line)}
    try:
        whole = pq.read_schema(path).empty_table()
        for line in lines:
            check_columns(path, whole, line)
        tops = {name if name in whole.column_names else name.split(".")[0] for name in wanted}
        # A dot in a column's own name means something else to the reader, which then takes all.
        return pq.read_table(path, columns=None if any("." in name for name in tops) else sorted(tops))
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{path}: cannot be read as parquet: {str(error).splitlines()[0]}") from error


def check_columns(path: Path, table: Any, line: BusinessLine) -> None:
    """Check that a file's table has the columns that a line reads.

    Raises:
        UsageError: It lacks one.
    """
    for name in fields_of(line):
        if find_column(table, name) is None:
            there = ", ".join(table.column_names)
            raise UsageError(f"{path}: has no column {name}, which line {line.name} reads; it has {there}")


def fields_of(line: BusinessLine) -> list[str]:
    """Return the fields that history must have for a line."""
    return [*event_fields(line), *([line.history.label] if line.history.label else [])]


def event_fields(line: BusinessLine) -> list[str]:
    """Return the fields of a history file that a line's events are made of."""
    if line.documents is not None:
        return [*line.match, DOCUMENT_COLUMN]
    roles = line.roles
    names: list[str | None] = [roles.occurred_at.field, roles.amount.field, *line.match]
    optional = (roles.instrument, roles.currency, roles.channel, roles.text)
    for role in (roles.event_id, roles.subject, roles.counterparty, *optional):
        if role is not None and not role.row:
            names += role.paths
    if roles.place is not None:
        names += [roles.place.field, roles.place.latitude, roles.place.longitude]
    return list(dict.fromkeys(name for name in names if name))


def read_rows(table: Any, line: BusinessLine) -> LineRows:
    """Return the rows that belong to a line, their values as JSON would carry them.

    Raises:
        ValueError: A column's values have no form in JSON.
    """
    number = np.arange(table.num_rows)
    if line.match:
        number = np.flatnonzero(_belongs(table, line))
        table = table.take(pa.array(number))
    time = line.roles.occurred_at
    columns = {
        name: time_column(column, time) if name == time.field else json_column(column, name)
        for name in fields_of(line)
        for column in (find_column(table, name),)
    }
    return LineRows(columns, number)


def _belongs(table: Any, line: BusinessLine) -> Any:
    found = np.ones(table.num_rows, np.bool_)
    for name, wanted in line.match.items():
        column = json_column(find_column(table, name), name)
        found &= pc.fill_null(_equal(column, wanted), False).to_numpy()
    return found


def _equal(column: Any, wanted: str | int | bool) -> Any:  # noqa: FBT001 - a value of a line file, not a flag
    tests: dict[type, Any] = {str: pa.types.is_string, bool: pa.types.is_boolean, int: _is_number}
    if not tests[type(wanted)](column.type):
        return pa.chunked_array([pa.nulls(len(column), pa.bool_())])
    return pc.equal(column, pa.scalar(wanted))


def _is_number(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))

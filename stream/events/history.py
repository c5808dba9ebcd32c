"""History in a parquet file, read into the same columns that live events become."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from stream.errors import UsageError
from stream.events.business_line import BusinessLine
from stream.events.event_batch import EventBatch, take_rows
from stream.events.fraud_label import FraudLabel
from stream.events.history_columns import read_columns, read_labels
from stream.events.history_documents import DOCUMENT_COLUMN, document_of, read_documents
from stream.events.history_file import read_rows, read_table
from stream.events.history_json import event_writer
from stream.events.supply_chain.supply_chain_event import SupplyChainEvent

UNKNOWN_LABEL = -1


@dataclass(frozen=True, slots=True)
class History:
    """Events of some lines in event-time order, ties in the file's order.

    Attributes:
        batch: The events.
        label: 1 fraud, 0 genuine, -1 unknown; int8 [n].
        row: Which row of the file each is; int64 [n].
        label_known_at_s: When the label becomes known: event time and label delay,
            rounded up to the line's release grid, and always after the event; float64 [n].
        lines: The lines, by name.
        skipped: Rows of the file that belong to no given line.
        table: The users' fields of the same rows, for making their JSON.
    """

    batch: EventBatch
    row: npt.NDArray[np.int64]
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
    table = read_table(path, lines.values())
    parts = [read_line(path, table, line) for line in lines.values()]
    used = np.unique(np.concatenate([part.row for part in parts]))
    whole = _join(path, parts, lines, table.num_rows - len(used))
    kept = np.ones(len(whole.batch), np.bool_)
    if from_s is not None:
        kept &= whole.batch.occurred_at_s >= from_s
    if until_s is not None:
        kept &= whole.batch.occurred_at_s < until_s
    return whole if kept.all() else select_rows(whole, np.flatnonzero(kept))


def select_rows(history: History, rows: npt.NDArray[np.int64]) -> History:
    """Return some rows of history, in the order of `rows`."""
    return History(
        take_rows(history.batch, rows),
        history.row[rows],
        history.label[rows],
        history.label_known_at_s[rows],
        history.lines,
        history.skipped,
        _take(history.table, rows),
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
    writers = {name: event_writer(line) for name, line in history.lines.items()}
    contents = _take(history.table, rows).to_pylist()
    for row, content in zip(rows.tolist(), contents, strict=True):
        name = batch.line[row]
        value = writers[name](content, batch.event_id[row])
        yield HistoryRecord(history.lines[name].topic, batch.subject[row].encode(), value)


def documents_at(history: History, rows: npt.NDArray[np.int64]) -> list[SupplyChainEvent | None] | None:
    """Return what documents some rows are, None for payments; None where no line reads documents."""
    lines = {name for name, line in history.lines.items() if line.documents is not None}
    if not lines:
        return None
    numbers: Any = pa.array(rows)
    texts = history.table[DOCUMENT_COLUMN].take(numbers).to_pylist()
    of = [history.batch.line[row] for row in rows.tolist()]
    return [document_of(text, line) if line in lines else None for text, line in zip(texts, of, strict=True)]


def _take(table: pa.Table, rows: npt.NDArray[np.int64]) -> pa.Table:
    numbers: Any = pa.array(rows)
    return table.take(numbers)


def read_line(path: Path, table: Any, line: BusinessLine) -> History:
    """Return the events of one line in the order of the file's rows.

    Args:
        path: The file, for messages.
        table: Its columns, at least those that the line reads.
        line: The line.

    Raises:
        UsageError: A value does not fit.
    """
    try:
        rows = read_rows(table, line)
        batch = read_columns(rows, line) if line.documents is None else read_documents(rows, line)
        label = read_labels(rows, line.history.label, UNKNOWN_LABEL)
    except (ValueError, OverflowError, pa.ArrowException) as error:
        raise UsageError(f"{path}: line {line.name}: {error}") from error
    known_at_s = _known_at_s(batch.occurred_at_s, line)
    return History(batch, rows.number, label, known_at_s, {line.name: line}, 0, pa.table(dict(rows.columns)))


def _known_at_s(occurred_at_s: npt.NDArray[np.float64], line: BusinessLine) -> npt.NDArray[np.float64]:
    grid_s = line.history.label_release_s
    known_at_s = np.ceil((occurred_at_s + line.label_delay_s) / grid_s) * grid_s
    # A release goes before the events of its own moment, so one at the event's would tell of it beforehand.
    return np.where(known_at_s > occurred_at_s, known_at_s, (np.floor(occurred_at_s / grid_s) + 1) * grid_s)


def _join(
    path: Path,
    parts: list[History],
    lines: Mapping[str, BusinessLine],
    skipped: int,
) -> History:
    try:
        table = pa.concat_tables([part.table for part in parts], promote_options="permissive")
    except pa.ArrowException as error:
        raise UsageError(f"{path}: two lines read one field in different forms; read one line at a time") from error
    whole = History(
        _concat([part.batch for part in parts]),
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.label for part in parts]),
        np.concatenate([part.label_known_at_s for part in parts]),
        lines,
        skipped,
        table,
    )
    return in_time_order(whole)


def in_time_order(history: History) -> History:
    """Return history in event-time order, ties in the file's order."""
    return select_rows(history, np.lexsort((history.row, history.batch.occurred_at_s)))


def _concat(batches: list[EventBatch]) -> EventBatch:
    columns: dict[str, Any] = {}
    for name in EventBatch.__slots__:
        values = [getattr(batch, name) for batch in batches]
        columns[name] = (
            [one for value in values for one in value] if isinstance(values[0], list) else np.concatenate(values)
        )
    return EventBatch(**columns)

"""The stream's feature vector of every row of a file, as made live, without any label."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from stream.backtest.feature_pass import features_of
from stream.errors import UsageError
from stream.events.business_line import BusinessLine
from stream.events.history import UNKNOWN_LABEL, History, in_time_order, read_line
from stream.events.history_columns import read_columns
from stream.events.history_file import check_columns, read_rows, read_table
from stream.events.line_roles import Roles
from stream.features.payment_features import SUBJECT_WIDTH
from stream.features.specification import specification_of
from stream.features.trade.trade_specification import ABSENT

_NOBODY = "none"


@dataclass(frozen=True, slots=True)
class StreamedFeatures:
    """Features of some rows of a file.

    Attributes:
        row: Which rows, ascending, int64 [n].
        features: Without those that labels make, float32 [n, features].
        occurred_at_s: Epoch seconds, float64 [n].
        fresh: Which rows are no repeats of an event, bool [n].
    """

    row: npt.NDArray[np.int64]
    features: npt.NDArray[np.float32]
    occurred_at_s: npt.NDArray[np.float64]
    fresh: npt.NDArray[np.bool_]

    def of_rows(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return the features of rows of the file that are all among these, float32 [k, features]."""
        return self.features[np.searchsorted(self.row, rows)]

    def whole_file(self, count: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Return times and whether it is a fresh event of each of a file's rows, 0 and no where it is none of these."""
        times_s, fresh = np.zeros(count), np.zeros(count, np.bool_)
        times_s[self.row], fresh[self.row] = self.occurred_at_s, self.fresh
        return times_s, fresh


def joined(parts: Sequence[StreamedFeatures]) -> StreamedFeatures:
    """Return several lines' features as one.

    Raises:
        ValueError: A row is of two lines, or their features differ.
    """
    if len(parts) == 1:
        return parts[0]
    row = np.concatenate([part.row for part in parts])
    order = np.argsort(row, kind="stable")
    if not np.diff(row[order]).all():
        twice = row[order][:-1][np.diff(row[order]) == 0][0]
        raise ValueError(f"row {twice} is of two lines; give each line an entry of its own")
    if len({part.features.shape[1] for part in parts}) > 1:
        raise ValueError("some lines read documents and some payments; give each line an entry of its own")
    return StreamedFeatures(
        row[order],
        np.concatenate([part.features for part in parts])[order],
        np.concatenate([part.occurred_at_s for part in parts])[order],
        np.concatenate([part.fresh for part in parts])[order],
    )


def streamed_features(path: Path, roles: Roles, currency: str, advance: Callable[[int], None]) -> StreamedFeatures:
    """Return the features of all rows of a file as one line, so that a subject's history crosses lines.

    Args:
        path: Parquet file.
        roles: Which column plays which role.
        currency: Of events that name none.
        advance: Told how many events were done.

    Raises:
        UsageError: The file cannot be read or lacks a column.
        ValueError: A value does not fit.
    """
    line = BusinessLine.model_validate({"line": "all", "topic": "all", "roles": roles, "currency": currency})
    table = _without_gaps(read_table(path, [line]), line)
    rows = read_rows(table, line)
    batch = read_columns(rows, line)
    count = len(batch)
    unknown = np.full(count, UNKNOWN_LABEL, np.int8), np.full(count, np.inf)
    return _streamed(History(batch, rows.number, *unknown, {line.name: line}, 0, pa.table({})), advance)


def streamed_line(path: Path, table: Any, line: BusinessLine, advance: Callable[[int], None]) -> StreamedFeatures:
    """Return the features of a line's rows as they are live, with those of trade where it reads documents.

    Args:
        path: Parquet file, for messages.
        table: All of it.
        line: The line.
        advance: Told how many events were done.

    Raises:
        UsageError: The file lacks a column, holds a value that does not fit, or no row of the line.
    """
    unlabelled = line.model_copy(update={"history": line.history.model_copy(update={"label": None})})
    check_columns(path, table, unlabelled)
    found = read_line(path, _without_gaps(table, unlabelled), unlabelled)
    if not len(found.batch):
        told = ", ".join(f"{name}: {value}" for name, value in line.match.items())
        raise UsageError(f"{path}: no row is of line {line.name}" + (f" (match {told})" if told else ""))
    return _streamed(found, advance)


def _streamed(found: History, advance: Callable[[int], None]) -> StreamedFeatures:
    history = in_time_order(found)
    made, fresh = features_of(history, advance)
    order = np.argsort(history.row)
    kept = specification_of(history.lines.values()).without_labels
    times_s = history.batch.occurred_at_s
    return StreamedFeatures(history.row[order], made[order][:, kept], times_s[order], fresh[order])


def beside_documents(features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return payments' features as they are in an installation that reads documents, float32 [n, features]."""
    subject, counterparty = np.split(features, [SUBJECT_WIDTH], axis=1)
    return np.hstack([subject, np.tile(ABSENT, (len(features), 1)), counterparty])


def _without_gaps(table: Any, line: BusinessLine) -> Any:
    """Let a missing subject, counterparty or other text be one of its own: `none`."""
    roles = line.roles
    named = (roles.subject, roles.counterparty, roles.instrument)
    for path in {path for role in named if role is not None for path in role.paths}:
        if path in table.column_names and table[path].null_count:
            column = table[path]
            if pa.types.is_dictionary(column.type):
                column = column.cast(column.type.value_type)
            filled = pc.fill_null(column.cast(pa.string()), _NOBODY)
            table = table.set_column(table.column_names.index(path), path, filled)
    return table

"""The stream's feature vector of every row of a file, as made live, without any label."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from stream.backtest.feature_pass import features_of
from stream.events.business_line import BusinessLine
from stream.events.event_batch import take_rows
from stream.events.history import UNKNOWN_LABEL, History, read_history
from stream.events.history_columns import read_columns
from stream.events.history_file import read_rows, read_table
from stream.events.line_roles import Roles
from stream.features.payment_features import SUBJECT_WIDTH
from stream.features.specification import PAYMENTS, specification_of
from stream.features.trade.trade_specification import ABSENT

_NOBODY = "none"


@dataclass(frozen=True, slots=True)
class StreamedFeatures:
    """Rows in the file's order.

    Attributes:
        features: Without those that labels make, float32 [n, features].
        occurred_at_s: Epoch seconds, float64 [n].
        fresh: Which rows are no repeats of an event, bool [n].
    """

    features: npt.NDArray[np.float32]
    occurred_at_s: npt.NDArray[np.float64]
    fresh: npt.NDArray[np.bool_]


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
    order = np.argsort(batch.occurred_at_s, kind="stable")
    count = len(order)
    history = History(
        take_rows(batch, order),
        order,
        np.full(count, UNKNOWN_LABEL, np.int8),
        np.full(count, np.inf),
        {line.name: line},
        0,
        pa.table({}),
    )
    made, fresh = features_of(history, advance)
    kept = PAYMENTS.without_labels
    features, is_fresh = np.empty((count, len(kept)), np.float32), np.empty(count, np.bool_)
    features[order], is_fresh[order] = made[:, kept], fresh
    return StreamedFeatures(features, batch.occurred_at_s, is_fresh)


def streamed_lines(
    path: Path, lines: Mapping[str, BusinessLine], count: int, advance: Callable[[int], None]
) -> StreamedFeatures:
    """Return the features of a file's lines, each by itself as it is live.

    Args:
        path: Parquet file.
        lines: By name, all or none of which read documents (and then have features of trade); rows of no line count
            as repeats.
        count: How many rows the file has.
        advance: Told how many events were done.

    Raises:
        UsageError: The file cannot be read, lacks a column or holds a value that does not fit.
    """
    history = read_history(path, lines)
    unlabelled = replace(history, label=np.full(len(history.row), UNKNOWN_LABEL, np.int8))
    made, fresh = features_of(unlabelled, advance)
    kept = specification_of(lines.values()).without_labels
    features = np.zeros((count, len(kept)), np.float32)
    times_s, is_fresh = np.zeros(count), np.zeros(count, np.bool_)
    features[history.row] = made[:, kept]
    times_s[history.row], is_fresh[history.row] = history.batch.occurred_at_s, fresh
    return StreamedFeatures(features, times_s, is_fresh)


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

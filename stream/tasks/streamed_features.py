"""The stream's feature vector of every row of a file, as made live, without any label."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from stream.backtest.feature_pass import features_of
from stream.events.business_line import BusinessLine
from stream.events.event_batch import take_rows
from stream.events.history import UNKNOWN_LABEL, History
from stream.events.history_columns import read_columns
from stream.events.history_file import read_rows, read_table
from stream.events.line_roles import Roles
from stream.features.specification import PAYMENTS

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

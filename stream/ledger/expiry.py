"""When documents are forgotten: the whole column at once, as `verdict_kernel.expiry_day` has it one by one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from stream.ledger.claim import Kind
from stream.ledger.rows import NO_DAY
from stream.ledger.terms import Terms

_DAY_S = 86_400.0


def expiry_days(rows: npt.NDArray[np.void], terms: Terms) -> npt.NDArray[np.int64]:
    """Return the last day on which each document meets others, int64 [documents]."""
    occurred = np.floor(rows["occurred_at_s"] / _DAY_S).astype(np.int64)
    issue, due = rows["issue_day"].astype(np.int64), rows["due_day"].astype(np.int64)
    assumed = np.where(issue == NO_DAY, occurred, np.maximum(occurred, issue)) + terms.assumed_tenor_days
    days = np.where(due == NO_DAY, assumed, np.maximum(occurred, due))
    days[rows["kind"] == Kind.CANCELLATION] = occurred[rows["kind"] == Kind.CANCELLATION] + terms.cancellation_days
    return np.asarray(days + terms.retention_days)


def least_places(columns: Sequence[npt.NDArray[Any]], count: int) -> npt.NDArray[np.int64]:
    """Return the places of the `count` least rows, by the first column, then the second and so on; in no order.

    Sorting millions to find a few would take seconds. Each column is parted at the last row that is wanted, and the
    next one is looked at for those alone that are equal there.

    Args:
        columns: Each of [rows].
        count: At most the number of rows.
    """
    tied, found = np.arange(len(columns[0]), dtype=np.int64), []
    for column in columns:
        if count == 0:
            break
        values = column[tied]
        last = np.partition(values, count - 1)[count - 1]
        found.append(tied[values < last])
        tied = tied[values == last]
        count -= len(found[-1])
    return np.concatenate([*found, tied[:count]])

"""When documents are forgotten: the whole column at once, as `verdict_kernel.expiry_day` has it one by one."""

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

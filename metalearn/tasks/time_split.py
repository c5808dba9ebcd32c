"""Splits a task in time: nothing is learnt from that was not known before what is judged."""

import numpy as np
import numpy.typing as npt

from metalearn.tasks.task import Task

Rows = npt.NDArray[np.int64]


def split_at(task: Task, cut_s: float) -> tuple[Rows, Rows]:
    """Return the rows a support may use and the rows a query may use.

    Args:
        task: Rows in time order.
        cut_s: Epoch seconds.

    Returns:
        Rows that happened *and* whose labels were available before the cut, and rows
        that happened at the cut or later.
    """
    known = (task.label_known_at_s < cut_s) & (task.occurred_at_s < cut_s)
    return np.flatnonzero(known), np.flatnonzero(task.occurred_at_s >= cut_s)

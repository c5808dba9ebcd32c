"""Rows that only tell what is usual on a line: nothing is learnt from them, so they are judged as a new row is."""

import numpy as np
import numpy.typing as npt

from metalearn.support import LineSupport

Floats = npt.NDArray[np.float32]

ROWS = 500
_LEAST_ROWS = 100


def split_reference(support: LineSupport) -> tuple[Floats, LineSupport]:
    """Return reference rows, and the support without them.

    They are the newest unlabelled rows, at most 500 and half of them all. Where that is fewer than
    100, labelled genuine rows, which stay in the support, stand in: rows that were learnt from look
    a little more usual than new ones do.
    """
    past = support.unlabelled
    count = min(ROWS, (len(past) + 1) // 2)
    kept = LineSupport(support.frauds, support.genuine, past[: len(past) - count])
    reference = past[len(past) - count :]
    if count < _LEAST_ROWS:
        reference = np.concatenate([support.genuine[-(_LEAST_ROWS - count) :], reference])
    return reference, kept

"""Cuts history into the steps that a backtest and a replay in step have in common."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stream.events.history import History

# Weights that no label waits for start on this grid of event time, so every step ends on it.
ACTIVATION_GRID_S = 3600.0
_FRAUD = 1


@dataclass(frozen=True, slots=True)
class Step:
    """What became known up to one moment: events that happened, labels that were released."""

    until_s: float
    events: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]


def steps_of(history: History) -> Iterator[Step]:
    """Cut history at every full hour and at every release of labels.

    Args:
        history: Events in event-time order.

    Yields:
        Rows of the events since the last step, and rows whose labels are released after
        them, in order. Labels due after the last event are never released.
    """
    occurred_at_s = history.batch.occurred_at_s
    if not len(occurred_at_s):
        return
    frauds = np.flatnonzero(history.label == _FRAUD)
    due_s = history.label_known_at_s[frauds]
    order = np.lexsort((frauds, due_s))
    frauds, due_s = frauds[order], due_s[order]
    first = math.floor(occurred_at_s[0] / ACTIVATION_GRID_S) + 1
    last = math.floor(occurred_at_s[-1] / ACTIVATION_GRID_S) + 1
    grid = np.union1d(np.arange(first, last + 1) * ACTIVATION_GRID_S, due_s[due_s <= occurred_at_s[-1]])
    event_ends = np.searchsorted(occurred_at_s, grid, side="left")
    label_ends = np.searchsorted(due_s, grid, side="right")
    event_at = label_at = 0
    for until_s, event_end, label_end in zip(grid.tolist(), event_ends.tolist(), label_ends.tolist(), strict=True):
        released = frauds[label_at:label_end] if until_s <= occurred_at_s[-1] else frauds[:0]
        if event_end > event_at or len(released):
            yield Step(until_s, np.arange(event_at, event_end), released)
        event_at, label_at = event_end, label_end

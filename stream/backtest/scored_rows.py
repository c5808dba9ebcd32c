"""Which row of history each scored event is: by place, since an id may come again."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stream.events.event_batch import EventBatch
from stream.events.scored_event import ScoredEvent


def scored_rows(batch: EventBatch, events: Sequence[ScoredEvent]) -> npt.NDArray[np.int64]:
    """Return the row of each scored event, int64 [events].

    Both come in one order and repeats are left out of `events`, so each event is the next
    row of its id and subject. A repeat cannot be taken for it: an id that is scored again
    had at least one other scored event of its subject between.

    Args:
        batch: All events, in the order in which they were scored.
        events: The scored ones.
    """
    keys = enumerate(zip(batch.line, batch.subject, batch.event_id, strict=True))
    wanted = ((event.line, event.subject, event.event_id) for event in events)
    return np.array([next(row for row, key in keys if key == one) for one in wanted], np.int64)

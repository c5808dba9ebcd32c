"""What a subject (card, account, supplier) did until now, and what that says of its next event."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from stream.events.event_batch import EventBatch
from stream.features.decayed_window import HALF_LIVES_S
from stream.features.entity_state import EntityTable, Record
from stream.features.specification import SUBJECT_WIDTH
from stream.features.subject_kernel import profile_events
from stream.features.subject_row import SUBJECT_ROW
from stream.features.text_hash import hash_texts


class SubjectState:
    """The subjects of one partition."""

    def __init__(self, max_entities: int = 1_000_000) -> None:
        """Remember at most `max_entities` subjects."""
        self.table = EntityTable(SUBJECT_ROW, max_entities)

    def drain_changes(self) -> list[Record]:
        """Return the subjects that changed since the last call."""
        return self.table.drain_changes()

    def restore(self, records: Iterable[Record]) -> int:
        """Take subjects back from the changelog."""
        return self.table.restore(records)

    def size_bytes(self) -> int:
        """Return the memory the subjects take."""
        return self.table.size_bytes()


def profile(state: SubjectState, batch: EventBatch) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Return what each event's subject says of it, and change the subjects' state.

    The event itself is in the counts and means (Handbook); the comparisons with the
    subject's own mean are with what it did before.

    Args:
        state: Subjects of this partition.
        batch: Events in order of arrival.

    Returns:
        float32 [events, SUBJECT_WIDTH], and whether an event repeats one of its
        subject's last 16 by its id; a repeat changes nothing and its row is zeros.
    """
    keys = [f"{line}\0{subject}".encode() for line, subject in zip(batch.line, batch.subject, strict=True)]
    rows, fresh = state.table.rows(keys)
    features = np.zeros((len(batch), SUBJECT_WIDTH), np.float32)
    repeats = np.zeros(len(batch), np.bool_)
    profile_events(
        state.table.data,
        rows,
        fresh,
        batch.occurred_at_s,
        batch.amount,
        batch.instrument,
        batch.place,
        batch.latitude,
        batch.longitude,
        hash_texts(batch.event_id),
        hash_texts(batch.counterparty),
        HALF_LIVES_S,
        features,
        repeats,
    )
    state.table.touch(rows[~repeats])
    return features, repeats

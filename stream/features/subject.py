"""What a subject (card, account, supplier) did until now, and what that says of its next event."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from stream.events.event_batch import EventBatch, take_rows
from stream.features.decayed_window import HALF_LIVES_S
from stream.features.entity_state import EntityTable, Record, parted
from stream.features.payment_features import SUBJECT_WIDTH
from stream.features.recent_ids import KEY_PREFIX, RecentIds
from stream.features.subject_kernel import profile_events
from stream.features.subject_row import SUBJECT_ROW
from stream.features.text_hash import hash_texts

Profiles = tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]


class SubjectState:
    """The subjects of one partition, and the last events of all of them by their ids."""

    def __init__(self, max_entities: int = 1_000_000) -> None:
        """Remember at most `max_entities` subjects."""
        self.table = EntityTable(SUBJECT_ROW, max_entities)
        self.recent_ids = RecentIds()

    def drain_changes(self) -> list[Record]:
        """Return the subjects and ids that changed since the last call."""
        return [*self.table.drain_changes(), *self.recent_ids.drain_changes()]

    def restore(self, records: Iterable[Record]) -> int:
        """Take subjects and ids back from the changelog."""
        ids, subjects = parted(records, KEY_PREFIX)
        return self.table.restore(subjects) + self.recent_ids.restore(ids)

    def size_bytes(self) -> int:
        """Return the memory the subjects and ids take."""
        return self.table.size_bytes() + self.recent_ids.size_bytes()


def profile(state: SubjectState, batch: EventBatch) -> Profiles:
    """Return what each event's subject says of it, and change the subjects' state.

    The event itself is in the counts and means (Handbook); the comparisons with the
    subject's own mean are with what it did before.

    Args:
        state: Subjects of this partition.
        batch: Events in order of arrival.

    Returns:
        float32 [events, SUBJECT_WIDTH], and whether an event repeats, by its id, one of its
        subject's last 8 or one of its subject's among the partition's last million; a
        repeat changes nothing and its row is zeros.
    """
    names = [f"{line}\0{subject}" for line, subject in zip(batch.line, batch.subject, strict=True)]
    event_hash = hash_texts(batch.event_id)
    repeats = state.recent_ids.take(hash_texts(names), event_hash)
    if not repeats.any():
        return _profile_new(state, batch, names, event_hash)
    new = np.flatnonzero(~repeats)
    features = np.zeros((len(batch), SUBJECT_WIDTH), np.float32)
    chosen = [names[at] for at in new.tolist()]
    features[new], repeats[new] = _profile_new(state, take_rows(batch, new), chosen, event_hash[new])
    return features, repeats


def _profile_new(
    state: SubjectState, batch: EventBatch, names: list[str], event_hash: npt.NDArray[np.uint64]
) -> Profiles:
    rows, fresh = state.table.rows([name.encode() for name in names])
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
        event_hash,
        hash_texts(batch.counterparty),
        HALF_LIVES_S,
        features,
        repeats,
    )
    state.table.touch(rows[~repeats])
    return features, repeats

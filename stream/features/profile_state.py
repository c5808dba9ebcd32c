"""What the first hop remembers of one partition, subjects and trade, and what that says of the next events."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from stream.events.event_batch import EventBatch
from stream.events.supply_chain.supply_chain_event import SupplyChainEvent
from stream.features.entity_state import Record, parted
from stream.features.specification import FeatureSpecification
from stream.features.subject import Profiles, SubjectState, profile
from stream.features.trade.trade_features import observe_documents
from stream.features.trade.trade_specification import ABSENT
from stream.features.trade.trade_state import KEY_PREFIX, TradeState

Documents = Sequence[SupplyChainEvent | None]
"""Of each event of a batch the document that it is, None for a payment."""


class ProfileState:
    """The subjects of one partition, and its trade once the first document came."""

    def __init__(self, specification: FeatureSpecification, max_entities: int = 1_000_000) -> None:
        """Remember at most `max_entities` subjects, for these features."""
        self.specification = specification
        self.subjects = SubjectState(max_entities)
        self._trade: TradeState | None = None

    @property
    def trade(self) -> TradeState:
        """The partition's trade; its tables take memory from then on."""
        self._trade = self._trade or TradeState()
        return self._trade

    def drain_changes(self) -> list[Record]:
        """Return what changed since the last call."""
        trade = self._trade.drain_changes() if self._trade is not None else []
        return [*self.subjects.drain_changes(), *trade]

    def restore(self, records: Iterable[Record]) -> int:
        """Take subjects and trade back from the changelog.

        Raises:
            ForeshotError: A record is of another version, or of a table of another size.
        """
        trade, subjects = parted(records, KEY_PREFIX)
        return self.subjects.restore(subjects) + (self.trade.restore(trade) if trade else 0)

    def size_bytes(self) -> int:
        """Return the memory of both."""
        return self.subjects.size_bytes() + (self._trade.size_bytes() if self._trade is not None else 0)


def profile_events(state: ProfileState, batch: EventBatch, documents: Documents | None = None) -> Profiles:
    """Return the first hop's features of each event, and change the state.

    Args:
        state: Of this partition.
        batch: Events in order of arrival.
        documents: What they are where lines read documents; None for payments alone.

    Returns:
        float32 [events, profiled width], and which events are repeats: such change nothing and mean nothing.
    """
    features, repeated = profile(state.subjects, batch)
    if not state.specification.trade:
        return features, repeated
    return np.hstack([features, _trade(state, repeated, documents or [None] * len(batch))]), repeated


def _trade(state: ProfileState, repeated: npt.NDArray[np.bool_], documents: Documents) -> npt.NDArray[np.float32]:
    rows = np.tile(ABSENT, (len(documents), 1))
    new = [(at, one) for at, one in enumerate(documents) if one is not None and not repeated[at]]
    if new:
        found = observe_documents(state.trade, [one for _, one in new])
        rows[[at for at, _ in new]] = np.where(np.isfinite(found), found, ABSENT)
    return rows

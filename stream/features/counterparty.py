"""What happened at a counterparty (terminal, merchant, buyer) until now, frauds as their labels became known."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stream.features.counterparty_kernel import COUNTERPARTY_ROW, observe_records
from stream.features.decayed_window import HALF_LIVES_S
from stream.features.entity_state import EntityTable, Record
from stream.features.payment_features import COUNTERPARTY_WIDTH


@dataclass(frozen=True, slots=True)
class CounterpartyBatch:
    """Events and risk updates of counterparties in order of arrival.

    Attributes:
        line: Business line names.
        counterparty: Whose state it is.
        occurred_at_s: Event time; of a risk update, that of the event its label is about.
        amount: In major units.
        fraud_delta: 0 for an event; +1 where a fraud was learnt, -1 where one was withdrawn.
        delay_s: How long after its event the line's label arrives.
    """

    line: list[str]
    counterparty: list[str]
    occurred_at_s: npt.NDArray[np.float64]
    amount: npt.NDArray[np.float64]
    fraud_delta: npt.NDArray[np.float64]
    delay_s: npt.NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self.line)


class CounterpartyState:
    """The counterparties of one partition.

    Sums and maxima only: whatever the order of arrival, it ends the same.
    """

    def __init__(self, max_entities: int = 1_000_000) -> None:
        """Remember at most `max_entities` counterparties."""
        self.table = EntityTable(COUNTERPARTY_ROW, max_entities)

    def drain_changes(self) -> list[Record]:
        """Return the counterparties that changed since the last call."""
        return self.table.drain_changes()

    def restore(self, records: Iterable[Record]) -> int:
        """Take counterparties back from the changelog."""
        return self.table.restore(records)

    def size_bytes(self) -> int:
        """Return the memory the counterparties take."""
        return self.table.size_bytes()


def observe(state: CounterpartyState, batch: CounterpartyBatch) -> npt.NDArray[np.float32]:
    """Return what each event's counterparty says of it, and change the counterparties' state.

    Args:
        state: Counterparties of this partition.
        batch: Events and risk updates in order of arrival.

    Returns:
        float32 [records, COUNTERPARTY_WIDTH]; the rows of risk updates are zeros.
    """
    keys = [f"{line}\0{name}".encode() for line, name in zip(batch.line, batch.counterparty, strict=True)]
    rows, fresh = state.table.rows(keys)
    features = np.zeros((len(batch), COUNTERPARTY_WIDTH), np.float32)
    observe_records(
        state.table.data,
        rows,
        fresh,
        batch.occurred_at_s,
        batch.amount,
        batch.fraud_delta,
        batch.delay_s,
        HALF_LIVES_S,
        features,
    )
    state.table.touch(rows)
    return features

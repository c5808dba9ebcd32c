"""Documents in a history file: a column of their JSON, as it would stand on their topic."""

from stream.events.business_line import BusinessLine
from stream.events.event_batch import EventBatch
from stream.events.history_columns import LineRows
from stream.events.supply_chain.canonical_roles import as_transaction
from stream.events.supply_chain.decode import Rejection, decode_supply_chain
from stream.events.supply_chain.supply_chain_event import SupplyChainEvent
from stream.events.transaction_columns import batch_of

DOCUMENT_COLUMN = "document"


def read_documents(rows: LineRows, line: BusinessLine) -> EventBatch:
    """Return a line's documents as events, in the file's order.

    Raises:
        ValueError: A row holds no document of the line; says which.
    """
    texts = rows.columns[DOCUMENT_COLUMN].to_pylist()
    found = [_read(text, line.name, row) for text, row in zip(texts, rows.number.tolist(), strict=True)]
    return batch_of(list(map(as_transaction, found)), [int(one.occurred_at_s * 1000) for one in found])


def document_of(text: str, line: str) -> SupplyChainEvent:
    """Return a document as `read_documents` read it."""
    return _read(text, line, 0)


def _read(text: object, line: str, row: int) -> SupplyChainEvent:
    found = decode_supply_chain(text.encode() if isinstance(text, str) else None, line)
    if isinstance(found, Rejection):
        raise ValueError(f"row {row}: field {DOCUMENT_COLUMN}: {found.words}")  # noqa: TRY004 - what the text holds
    return found

"""Builds what comes in: lines, transactions, labels, records and columns of events."""

from datetime import UTC, datetime
from typing import Any

import orjson

from stream.events.business_line import BusinessLine
from stream.events.decode import SourceRecord
from stream.events.event_batch import EventBatch
from stream.events.fraud_label import FraudLabel
from stream.events.transaction import Transaction
from stream.events.transaction_columns import batch_of

NOON_S = 1_700_000_000.0
NOON = "2023-11-14T22:13:20"

_ROLES: dict[str, Any] = {
    "event_id": "id",
    "occurred_at": "time",
    "subject": "card",
    "counterparty": "shop",
    "amount": "amount",
}


def a_line(roles: dict[str, Any] | None = None, **changed: Any) -> BusinessLine:
    """Return line `cards`, whose events are as `an_event` makes them.

    Args:
        roles: Roles added to or put in place of the five required ones.
        changed: Other keys, as in a line file.
    """
    declared = {"line": "cards", "topic": "payments", "roles": {**_ROLES, **(roles or {})}}
    return BusinessLine.model_validate({**declared, **changed})


def an_event(**changed: Any) -> dict[str, Any]:
    """Return a user's event that `a_line` reads; fields set to None are left out."""
    event = {"id": "e1", "time": NOON, "card": "c1", "shop": "s1", "amount": 12.34, **changed}
    return {name: value for name, value in event.items() if value is not None}


def a_record(value: bytes | dict[str, Any] | None, offset: int = 0, topic: str = "payments") -> SourceRecord:
    """Return a record; a dict becomes JSON."""
    content = orjson.dumps(value) if isinstance(value, dict) else value
    return SourceRecord(topic, 0, offset, b"c1", content, int(NOON_S * 1000))


def a_transaction(**changed: Any) -> Transaction:
    """Return a valid transaction of line `cards`."""
    fields: dict[str, Any] = {
        "event_id": "e1",
        "line": "cards",
        "occurred_at_s": NOON_S,
        "subject": "c1",
        "counterparty": "s1",
        "amount_minor": 1234,
        "currency": "EUR",
    }
    return Transaction.model_validate({**fields, **changed})


def an_event_batch(*transactions: Transaction) -> EventBatch:
    """Return transactions as columns, produced when they happened; one transaction by default."""
    events = transactions or (a_transaction(),)
    return batch_of(events, [int(one.occurred_at_s * 1000) for one in events])


def a_label(event_id: str = "e1", **changed: Any) -> FraudLabel:
    """Return a fraud label of an event of line `cards`."""
    fields: dict[str, Any] = {
        "event_id": event_id,
        "line": "cards",
        "label": "fraud",
        "labelled_at": datetime.fromtimestamp(NOON_S + 86_400, UTC),
    }
    return FraudLabel.model_validate({**fields, **changed})

"""Builds claims on documents: of one invoice, financed once."""

from datetime import date
from typing import Any

from stream.events.supply_chain.party import Party
from stream.ledger.claim import Claim, Kind

ACME = Party(id="S1", name="Acme Metals Ltd")
CABLE = Party(id="B1", name="Cable Works GmbH")
DAY_S = 86_400.0
NOON_S = 1_700_000_000.0


def a_claim(event_id: str = "fr-1", day: float = 0.0, **changed: Any) -> Claim:
    """Return a request on invoice INV-1017, `day` days after the first."""
    fields: dict[str, Any] = {
        "event_id": event_id,
        "position": 0,
        "occurred_at_s": NOON_S + day * DAY_S,
        "kind": Kind.REQUEST,
        "financier": "F1",
        "type": "invoice",
        "number": "INV-1017",
        "seller": ACME,
        "buyer": CABLE,
        "currency": "EUR",
        "amount_minor": 1_234_567,
        "issue_date": date(2023, 11, 10),
        "due_date": date(2024, 1, 10),
    }
    return Claim(**{**fields, **changed})


def a_cancellation(event_id: str = "cn-1", day: float = 1.0, **changed: Any) -> Claim:
    """Return a credit note in full on the same invoice."""
    fields = {"kind": Kind.CANCELLATION, "financier": "", "issue_date": None, "due_date": None, **changed}
    return a_claim(event_id, day, **fields)

"""Documents in canonical roles, from plain rows: what `as_transaction` says of each, without reading it anew."""

from typing import Any

from stream.events.supply_chain.currency_code import NO_CURRENCY

Row = dict[str, Any]


def role_row(document: dict[str, Any]) -> Row:
    """Return a document's canonical roles, as `stream.events.supply_chain.canonical_roles` gives them."""
    subject, counterparty = _sides(document)
    amount_minor = document.get("amount_minor", document.get("declared_value_minor", 0))
    words = [one for one in (document.get("purpose"), document.get("description")) if one]
    kind = document["type"]
    return {
        "event_id": document["event_id"],
        "line": document["line"],
        "occurred_at_s": document["occurred_at_s"],
        "subject": subject["id"],
        "counterparty": counterparty["id"],
        "amount_minor": amount_minor,
        "currency": document.get("currency", NO_CURRENCY),
        "instrument": _instrument(document, subject),
        "place": document.get("location") or document.get("port_of_loading") or subject.get("country"),
        "channel": f"{kind}:{document['basis']}" if kind == "financing_request" else kind,
        "text": "\n".join(words) or None,
    }


def _sides(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    seller = document["seller"]
    match document["type"]:
        case "credit_note":
            return document["buyer"], seller
        case "repayment":
            return seller, document["payer"]
        case "warehouse_receipt":
            return seller, document["warehouse"]
        case "financing_request" if document["basis"] == "warehouse_receipt":
            return seller, document["warehouse"]
        case _:
            return seller, document.get("buyer") or document["financier"]


def _instrument(document: dict[str, Any], subject: dict[str, Any]) -> str | None:
    match document["type"]:
        case "repayment":
            found = document["payer"].get("account")
        case "warehouse_receipt":
            found = document["lot"]
        case "shipment":
            found = document.get("vessel_name")
        case _:
            found = subject.get("account")
    return None if found is None else str(found)

"""What one document says by itself, as numbers: the fields that the leak audit looks at."""

import re
from typing import Any

import numpy as np
import orjson

Document = dict[str, Any]

_DIGITS = re.compile(r"\d+")
_PARTIES = ("seller", "buyer", "financier", "payer", "carrier", "warehouse")
_DAY_S = 86_400.0


def raw_fields(document: Document) -> dict[str, float]:
    """Return a document's fields as numbers that keep their order; what it lacks is left out."""
    return {
        **_times(document),
        **_number(document),
        **_parties(document),
        **_money(document),
        **_goods(document),
        **_form(document),
    }


def _times(document: Document) -> dict[str, float]:
    second = document["occurred_at_s"]
    issued_s = _day_s(document["issue_date"])
    found = {
        "second": second % 60,
        "millisecond": round(second * 1_000) % 1_000,
        "hour": second / 3_600 % 24,
        "weekday": second // _DAY_S % 7,
        "issue weekday": issued_s // _DAY_S % 7,
        "day of month": float(document["issue_date"][-2:]),
        "lag": (second - issued_s) // _DAY_S,
    }
    if "due_date" in document:
        found["tenor"] = (_day_s(document["due_date"]) - issued_s) / _DAY_S
    return found


def _number(document: Document) -> dict[str, float]:
    number = document["document_number"]
    digits = _DIGITS.findall(number)
    return {
        "event id": float(int(document["event_id"], 16)),
        "number": float(digits[-1]) if digits else 0.0,
        "number length": len(number),
        "number last digit": float(digits[-1][-1]) if digits else -1.0,
        "number letters": sum(one.isalpha() for one in number),
    }


def _parties(document: Document) -> dict[str, float]:
    found: dict[str, float] = {}
    named = {role: document[role] for role in _PARTIES if role in document}
    for role, party in named.items():
        found[f"{role} id"] = float(int(party["id"], 16))
        if "account" in party:
            found[f"{role} account"] = float(party["account"][2:])
            found["account abroad"] = float(party["account"][:2] != party["country"])
    found["name length"] = sum(len(one["name"]) for one in named.values())
    found["plain names"] = sum(one["name"].isascii() for one in named.values())
    found["capital names"] = sum(one["name"].isupper() for one in named.values())
    found["countries"] = len({one["country"] for one in named.values()})
    return found


def _money(document: Document) -> dict[str, float]:
    amount_minor = document.get("amount_minor", document.get("declared_value_minor"))
    if amount_minor is None:
        return {}
    text = str(amount_minor)
    found = {
        "amount": float(amount_minor),
        "last digit": float(text[-1]),
        "last two digits": float(text[-2:]),
        "first digit": float(text[0]),
        "trailing zeros": len(text) - len(text.rstrip("0")),
    }
    if "limit_minor" in document:
        found["share of limit"] = amount_minor / document["limit_minor"]
    return found


def _goods(document: Document) -> dict[str, float]:
    if "quantity" not in document:
        return {}
    value = document["quantity"]["value"]
    text = str(value)
    found = {"quantity": float(value), "quantity zeros": len(text) - len(text.rstrip("0"))}
    if "amount_minor" in document:
        found["unit price"] = document["amount_minor"] / value
    if "capacity" in document:
        found["share of capacity"] = value / document["capacity"]["value"]
    if "lot" in document:
        found["lot"] = float(document["lot"][1:])
    return found


def _form(document: Document) -> dict[str, float]:
    return {
        "keys": len(document),
        "bytes": len(orjson.dumps(document)),
        "references": len(document.get("references", ())),
        "words on goods": len(document.get("description", "")),
        "premium": float("premium" in document.get("description", "")),
        "words on purpose": len(document.get("purpose", "")),
        "goods code": float(document.get("goods_code", "0")),
    }


def _day_s(day: str) -> float:
    # Days are many and few different ones; numpy reads one in a microsecond.
    found = _DAYS.get(day)
    if found is None:
        found = _DAYS[day] = float(np.datetime64(day, "s").astype(np.int64))
    return found


_DAYS: dict[str, float] = {}

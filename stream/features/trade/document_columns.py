"""Documents as columns: amounts, quantities in base units, days, and hashes of whom and what they name."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from stream.events.supply_chain.identifier import comparable
from stream.events.supply_chain.supply_chain_event import EVENT_TYPES, AnyEvent
from stream.events.supply_chain.unit_code import BASE_UNITS, UNITS
from stream.features.kernel import kernel
from stream.features.text_hash import hash_texts
from stream.features.trade.slot_table import mix
from stream.features.trade.trade_rows import REFERENCES

KINDS: dict[str, int] = {name: at for at, name in enumerate(EVENT_TYPES, 1)}
"""Numbers of the types, from 1; they are a feature too, so a type's number never changes."""
ORDER, INVOICE, SHIPMENT, RECEIPT = (
    KINDS[name] for name in ("purchase_order", "invoice", "shipment", "warehouse_receipt")
)
REQUEST, DRAWDOWN, REPAYMENT, CREDIT = (
    KINDS[name] for name in ("financing_request", "drawdown", "repayment", "credit_note")
)

_NAMES = (
    "seller", "buyer", "payer", "financier", "warehouse", "issuer", "number", "lot", "location", "goods", "currency",
    "seller_account", "buyer_account", "payer_account",
)  # fmt: skip
_TEXTS = len(_NAMES) + 2 * REFERENCES
_NUMBERS = ("occurred_at_s", "issued", "amount", "quantity", "limit", "capacity", "number_value")

DOCUMENT = np.dtype(
    [
        ("kind", "<i4"),
        ("dimension", "<u4"),
        *((name, "<f8") for name in _NUMBERS),
        *((name, "<u8") for name in _NAMES),
        ("digits", "<u4"),
        ("references", "<u8", (REFERENCES,)),
        ("reference_kinds", "<i4", (REFERENCES,)),
    ]
)
"""A document: numbers that are NaN and hashes that are 0 where it says nothing.

Amounts are in minor units of its currency, quantities in base units, days are days since the epoch."""

_EPOCH_DAY = 719_163  # of 1970-01-01, as dates count
# Documents on which others rest; what else is referred to is not kept.
_KEPT = frozenset({ORDER, INVOICE, RECEIPT, DRAWDOWN})
_DIMENSIONS = {name: at for at, name in enumerate(BASE_UNITS, 1)}
_IN_BASE = {code: (float(unit.in_base), _DIMENSIONS[unit.dimension]) for code, unit in UNITS.items()}
_TEN = [10.0**-scale for scale in range(10)]
_MOST_DIGITS = 15
_NAN = float("nan")
_NO_DIGITS = re.compile("[^0-9]+")

Documents = npt.NDArray[np.void]


def documents_as_columns(events: Sequence[AnyEvent]) -> Documents:
    """Return events as rows of `DOCUMENT`, in their order.

    Identifiers are hashed in the form in which they are compared (NFKC), each within its line.
    """
    documents = np.zeros(len(events), DOCUMENT)
    texts: list[str] = []
    numbers, kinds, references = [], [], []
    for event in events:
        given = vars(event)
        texts += _texts(event, given)
        numbers.append(_numbers(given))
        kinds.append((KINDS[event.type], *_dimension(given)))
        references.append(_reference_kinds(event))
    if not events:
        return documents
    documents["kind"], documents["dimension"] = np.array(kinds, np.int64).T
    documents["reference_kinds"] = references
    for name, column in zip(_NUMBERS, np.array(numbers, np.float64).T, strict=True):
        documents[name] = column
    lines = hash_texts([event.line for event in events])
    named = np.array([text != "" for text in texts], np.bool_)
    hashes = hash_texts(texts)
    _scope(hashes, named, lines)
    table = hashes.reshape(len(events), _TEXTS)
    for at, name in enumerate(_NAMES):
        documents[name] = table[:, at]
    _refer(table[:, len(_NAMES) :], documents["reference_kinds"], documents["references"])
    documents["digits"] = hash_texts([_digits(event.document_number) for event in events]) >> np.uint64(32)
    return documents


@kernel
def _scope(hashes: npt.NDArray[np.uint64], named: npt.NDArray[np.bool_], lines: npt.NDArray[np.uint64]) -> None:
    width = len(hashes) // len(lines)
    for at in range(len(hashes)):
        hashes[at] = mix(lines[at // width], hashes[at]) if named[at] else np.uint64(0)


@kernel
def _refer(pairs: npt.NDArray[np.uint64], kinds: npt.NDArray[np.int32], keys: npt.NDArray[np.uint64]) -> None:
    for at in range(len(pairs)):
        for place in range(REFERENCES):
            if kinds[at, place] > 0:
                keys[at, place] = document_key(kinds[at, place], pairs[at, 2 * place + 1], pairs[at, 2 * place])


@kernel
def document_key(kind: Any, issuer: Any, number: Any) -> Any:
    """Return the key of a document by its type, and hashes of its issuer and number."""
    return mix(mix(issuer, number), np.uint64(kind))


def _texts(event: AnyEvent, given: dict[str, Any]) -> list[str]:
    parties = [given.get(role) for role in ("seller", "buyer", "payer", "financier", "warehouse")]
    seller, buyer, payer = parties[:3]
    texts = [_compared(party.id) if party else "" for party in parties]
    texts += [_compared(given[event.issued_by].id), _compared(event.document_number)]
    texts += [_compared(given.get(name) or "") for name in ("lot", "location", "goods_code", "currency")]
    texts += [_compared(party.account or "") if party else "" for party in (seller, buyer, payer)]
    for reference in _followed(event):
        texts += [_compared(reference.number), _compared(reference.issuer)]
    return texts + [""] * (_TEXTS - len(texts))


def _followed(event: AnyEvent) -> list[Any]:
    """Return the references that are followed: the first few that documents rest on, each once."""
    kept = [one for one in event.references if KINDS.get(one.type) in _KEPT]
    return kept if len(kept) < 2 else list({one.key: one for one in kept}.values())[:REFERENCES]


def _reference_kinds(event: AnyEvent) -> list[int]:
    kinds = [KINDS[one.type] for one in _followed(event)]
    return kinds + [0] * (REFERENCES - len(kinds))


def _compared(identifier: str) -> str:
    return identifier if identifier.isascii() else comparable(identifier)


def _numbers(given: dict[str, Any]) -> tuple[float, ...]:
    amount = given.get("amount_minor", given.get("declared_value_minor"))
    limit = given.get("limit_minor")
    digits = _digits(given["document_number"])
    return (
        given["occurred_at_s"],
        given["issue_date"].toordinal() - _EPOCH_DAY,
        _NAN if amount is None else float(amount),
        _in_base(given.get("quantity")),
        _NAN if limit is None else float(limit),
        _in_base(given.get("capacity")),
        float(digits[-_MOST_DIGITS:]) if digits else _NAN,
    )


def _in_base(quantity: Any) -> float:
    if quantity is None:
        return _NAN
    return float(quantity.value * _TEN[quantity.scale] * _IN_BASE[quantity.unit_code][0])


def _dimension(given: dict[str, Any]) -> tuple[int]:
    quantity = given.get("quantity")
    return (0 if quantity is None else _IN_BASE[quantity.unit_code][1],)


def _digits(number: str) -> str:
    return _NO_DIGITS.sub("", number)

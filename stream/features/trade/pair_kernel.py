"""A seller and a buyer: since when they trade, for how much, and whether goods follow."""

from typing import Any

import numpy as np

from stream.features.decayed_window import DAY_S
from stream.features.kernel import kernel
from stream.features.trade import trade_columns as to
from stream.features.trade.document_columns import CREDIT, INVOICE, SHIPMENT
from stream.features.trade.trade_rows import LOOSE, REFERENCES
from stream.features.trade.trade_window import NEAR_DAYS, SLOW_S, advance, capped_ratio, fade, weigh


@kernel
def observe_pair(document: Any, row: Any, is_sale: Any, out: Any) -> None:
    """Fill the features of the document's seller and buyer, and change their row."""
    now_s, amount = document.occurred_at_s, document.amount
    since_s = advance(row, now_s)
    _move(row, since_s)
    if np.isnan(row.first_s_or_nan) or now_s < row.first_s_or_nan:
        row.first_s_or_nan = now_s
    age_days = (now_s - row.first_s_or_nan) / DAY_S
    out[to.PAIR_NEW] = 1.0 if age_days < NEAR_DAYS else 0.0
    out[to.PAIR_AGE] = np.log1p(age_days)
    if amount > 0.0 and row.sales > 0.0:
        out[to.AMOUNT_VS_PAIR] = np.log(amount) - row.log_amount / row.sales
    weight = weigh(since_s, SLOW_S)
    if is_sale:
        row.unshipped += np.float32(1.0)
    if amount > 0.0:
        _add(document, row, is_sale, weight)
    if document.kind == CREDIT:
        row.credits += weight
    if document.kind == SHIPMENT:
        row.unshipped = np.float32(0.0)
        if not _names_a_document(document):
            _keep_loose(document, row)
    out[to.PAIR_UNSHIPPED] = np.log1p(row.unshipped)
    out[to.PAIR_CREDITS] = np.log1p(row.credits)
    out[to.PAIR_DILUTION] = capped_ratio(row.credited, row.invoiced)


@kernel
def _move(row: Any, since_s: float) -> None:
    slow = fade(since_s, SLOW_S)
    row.sales *= slow
    row.log_amount *= slow
    row.invoiced *= slow
    row.credited *= slow
    row.credits *= slow


@kernel
def _add(document: Any, row: Any, is_sale: Any, weight: float) -> None:
    if is_sale:
        row.sales += weight
        row.log_amount += np.log(document.amount) * weight
    if document.kind == INVOICE:
        row.invoiced += document.amount * weight
    elif document.kind == CREDIT:
        row.credited += document.amount * weight


@kernel
def _names_a_document(document: Any) -> bool:
    for place in range(REFERENCES):  # noqa: SIM110 - numba compiles no generators
        if document.references[place] != 0:
            return True
    return False


@kernel
def _keep_loose(document: Any, row: Any) -> None:
    place = np.int64(row.next % np.uint32(LOOSE))
    row.loose_quantity[place] = document.quantity
    row.loose_day[place] = np.float32(document.issued)
    row.loose_dimension[place] = document.dimension
    row.next = np.uint32((row.next + np.uint32(1)) % np.uint32(LOOSE))

"""What a document changes in the rows of those it names, and they in its own, whichever comes first."""

from typing import Any

import numpy as np

from stream.features.kernel import kernel
from stream.features.trade.document_columns import CREDIT, DRAWDOWN, INVOICE, ORDER, RECEIPT, REQUEST, document_key
from stream.features.trade.slot_table import Slots, look, mix, take
from stream.features.trade.trade_rows import REFERENCES


@kernel
def arrive(document: Any, rows: Slots, lots: Slots, tick: Any) -> Any:
    """Take a document on which others rest into its row.

    Returns:
        Its slot, whether its row is new to it, and whether it is a sale: an order and its invoices are one.
    """
    slot = take(rows, document_key(document.kind, document.issuer, document.number), tick)
    row = rows.data[slot]
    if row.arrived != 0:
        return slot, False, False
    row.arrived = np.uint32(1)
    row.kind = document.kind
    row.amount_or_nan = document.amount
    row.quantity_or_nan = document.quantity
    row.issued_or_nan = np.float32(document.issued)
    row.currency = document.currency
    row.buyer = document.buyer
    _measure(row, document.dimension, True)
    is_sale = document.kind != DRAWDOWN
    if document.kind == ORDER:
        is_sale = row.invoices == 0.0
    elif document.kind == RECEIPT:
        row.link = mix(document.warehouse, document.lot)
        row.store = mix(document.warehouse, document.location)
        lot = lots.data[take(lots, row.link, tick)]
        lot.receipts += 1.0
        lot.pledged += row.requested
        if document.amount > lot.value:  # noqa: PLR1730 - an amount may be NaN
            lot.value = document.amount
    elif document.kind == DRAWDOWN:
        row.link = document.references[0]
    else:
        is_sale = _link_to_order(document, row, rows, tick)
    return slot, True, is_sale


@kernel
def _link_to_order(document: Any, row: Any, rows: Slots, tick: Any) -> bool:
    for place in range(REFERENCES):
        if document.reference_kinds[place] == ORDER:
            row.link = document.references[place]
            break
    if row.link == 0:
        return True
    order = rows.data[take(rows, row.link, tick)]
    if _measure(order, document.dimension, False) and document.quantity > 0.0:
        order.invoiced += document.quantity
    if document.amount > 0.0:
        order.invoiced_amount += document.amount
    order.invoices += np.float32(1.0)
    order.requested += row.requested
    return bool(order.arrived == 0)


@kernel
def _measure(row: Any, dimension: Any, is_own: Any) -> bool:
    """Tell whether a quantity can be added to the row's; a document's own dimension goes before what others say."""
    if dimension == 0:
        return False
    if row.dimension == 0:
        row.dimension = dimension
    elif row.dimension != dimension and is_own:
        row.dimension = dimension
        row.shipped = 0.0
        row.invoiced = 0.0
    return bool(row.dimension == dimension)


@kernel
def refer(document: Any, rows: Slots, lots: Slots, tick: Any) -> None:
    """Add a shipment, request or credit note to the documents that it names, in equal parts."""
    count = 0
    for place in range(REFERENCES):
        if document.reference_kinds[place] in (ORDER, INVOICE, RECEIPT):
            count += 1
    for place in range(REFERENCES):
        if document.reference_kinds[place] in (ORDER, INVOICE, RECEIPT):
            row = rows.data[take(rows, document.references[place], tick)]
            amount = document.amount / count if document.amount > 0.0 else 0.0
            if document.kind == REQUEST:
                _request(document, row, rows, lots, amount, tick)
            elif document.kind == CREDIT:
                row.credited += amount
            else:
                _ship(document, row, document.quantity / count)


@kernel
def _request(document: Any, row: Any, rows: Slots, lots: Slots, amount: float, tick: Any) -> None:
    row.requests += np.float32(1.0)
    row.requested += amount
    if row.financier == 0:
        row.financier = document.financier
    elif document.financier != 0 and document.financier != row.financier:  # noqa: PLR1714 - compiled
        row.other_financier = np.float32(1.0)
    if row.kind == INVOICE and row.link != 0:
        rows.data[take(rows, row.link, tick)].requested += amount
    elif row.kind == RECEIPT:
        lots.data[take(lots, row.link, tick)].pledged += amount


@kernel
def _ship(document: Any, row: Any, quantity: float) -> None:
    if _measure(row, document.dimension, False):
        row.shipped += quantity
    if np.isnan(row.first_ship_or_nan) or document.issued < row.first_ship_or_nan:
        row.first_ship_or_nan = np.float32(document.issued)
    if np.isnan(row.last_ship_or_nan) or document.issued > row.last_ship_or_nan:
        row.last_ship_or_nan = np.float32(document.issued)


@kernel
def find_claim(document: Any, rows: Slots) -> Any:
    """Return the slot of the order, invoice or receipt that a document is about, -1 where it has not arrived.

    Of several it is the first; what a repayment or notice is about is told by its drawdown.
    """
    for place in range(REFERENCES):
        slot = -1
        if document.reference_kinds[place] > 0:
            slot = look(rows, document.references[place])
        if slot >= 0 and rows.data[slot].kind == DRAWDOWN and rows.data[slot].link != 0:
            slot = look(rows, rows.data[slot].link)
        if slot >= 0 and rows.data[slot].arrived != 0 and rows.data[slot].kind != DRAWDOWN:
            return slot
    return -1

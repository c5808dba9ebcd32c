"""What a claim's own documents say of it: its order, its shipments, what was asked for on it and credited."""

from typing import Any

import numpy as np

from stream.features.decayed_window import DAY_S
from stream.features.kernel import kernel
from stream.features.trade import trade_columns as to
from stream.features.trade.document_columns import INVOICE, RECEIPT, REQUEST
from stream.features.trade.slot_table import Slots, look
from stream.features.trade.trade_rows import LOOSE
from stream.features.trade.trade_window import NEAR_DAYS, capped_ratio, log_ratio, signed_log

_LIKE_QUANTITY = 0.02


@kernel
def tell_claim(document: Any, row: Any, rows: Slots, pairs: Slots, pair: Any, out: Any) -> None:
    """Fill the features of an order, invoice or receipt that has arrived."""
    out[to.CLAIM_AGE] = signed_log(document.occurred_at_s / DAY_S - row.issued_or_nan)
    out[to.FINANCED_TIMES] = np.log1p(row.requests - (1.0 if document.kind == REQUEST else 0.0))
    out[to.OTHER_FINANCIER] = row.other_financier
    out[to.NUMBER_GAP] = row.gap_or_nan
    out[to.NUMBER_REPEATED] = row.repeated_or_nan
    out[to.PRICE] = row.price_or_nan
    out[to.PRICE_DEVIATION] = row.deviation_or_nan
    out[to.PRICE_VS_OWN] = row.own_price_or_nan
    if document.currency == 0 or document.currency == row.currency:  # noqa: PLR1714 - compiled
        out[to.FINANCED_VS_AMOUNT] = log_ratio(row.requested, row.amount_or_nan)
    if row.kind == INVOICE:
        out[to.CREDITED] = capped_ratio(row.credited, row.amount_or_nan)
        order = look(rows, row.link) if row.link != 0 else -1
        out[to.NO_ORDER] = 0.0 if order >= 0 and rows.data[order].arrived != 0 else 1.0
        if out[to.NO_ORDER] == 0.0:
            _tell_order(row, rows.data[order], out)
        _tell_shipment(row, rows, order, pairs, pair, out)


@kernel
def _tell_order(row: Any, order: Any, out: Any) -> None:
    out[to.INVOICED_AFTER_ORDER] = signed_log(row.issued_or_nan - order.issued_or_nan)
    if row.dimension == order.dimension:
        out[to.QUANTITY_VS_ORDER] = log_ratio(row.quantity_or_nan, order.quantity_or_nan)
    if row.currency == order.currency:
        out[to.INVOICED_VS_ORDER] = log_ratio(order.invoiced_amount, order.amount_or_nan)
        out[to.ORDER_FINANCED] = log_ratio(order.requested, order.amount_or_nan)


@kernel
def _tell_shipment(row: Any, rows: Slots, order: Any, pairs: Slots, pair: Any, out: Any) -> None:
    first, last = row.first_ship_or_nan, row.last_ship_or_nan
    shipped, invoiced = row.shipped, row.quantity_or_nan
    if order >= 0:
        of_order = rows.data[order]
        if np.isnan(first) or of_order.first_ship_or_nan < first:
            first = of_order.first_ship_or_nan
        if np.isnan(last) or of_order.last_ship_or_nan > last:
            last = of_order.last_ship_or_nan
        if of_order.dimension == row.dimension:
            shipped += of_order.shipped
            invoiced = max(invoiced, of_order.invoiced)
    elif np.isnan(first):
        first = _loose_shipment(row, pairs, pair)
        last, shipped = first, invoiced
    near = min(abs(first - row.issued_or_nan), abs(last - row.issued_or_nan))
    out[to.NO_SHIPMENT] = 0.0 if near <= NEAR_DAYS else 1.0
    if not np.isnan(first):
        out[to.SHIPPED_AFTER] = signed_log(first - row.issued_or_nan)
        out[to.QUANTITY_VS_SHIPMENT] = log_ratio(invoiced, shipped)


@kernel
def _loose_shipment(row: Any, pairs: Slots, pair: Any) -> Any:
    """Return the day of the pair's nearest shipment of that quantity that names no document, NaN for none."""
    found, nearest = np.float32(np.nan), NEAR_DAYS
    slot = look(pairs, pair) if pair != 0 else -1
    if slot < 0 or row.dimension == 0:
        return found
    known = pairs.data[slot]
    for place in range(LOOSE):
        is_like = abs(known.loose_quantity[place] - row.quantity_or_nan) <= _LIKE_QUANTITY * row.quantity_or_nan
        away = abs(known.loose_day[place] - row.issued_or_nan)
        if known.loose_dimension[place] == row.dimension and is_like and away <= nearest:
            found, nearest = known.loose_day[place], away
    return found


@kernel
def tell_pledge(row: Any, lots: Slots, out: Any) -> None:
    """Fill the features of a receipt's lot."""
    slot = look(lots, row.link) if row.kind == RECEIPT else -1
    if slot >= 0:
        lot = lots.data[slot]
        out[to.LOT_RECEIPTS] = np.log1p(lot.receipts - 1.0)
        out[to.LOT_PLEDGED] = log_ratio(lot.pledged, lot.value)

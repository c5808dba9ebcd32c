"""The rows of trade: what is kept of a document, a seller, a pair, a firm, a series of numbers, a code, a lot, a store.

Fields whose name ends in `_or_nan` are NaN until something is known.
"""

import numpy as np

REFERENCES = 4
ACCOUNTS = 4
NUMBERS = 16
LOOSE = 4
EDGES = 16

_HEAD = [("key", "<u8"), ("used", "<u8")]

DOCUMENT_ROW = np.dtype(
    [
        *_HEAD,
        ("kind", "<i4"),
        ("arrived", "<u4"),
        ("amount_or_nan", "<f8"),
        ("quantity_or_nan", "<f8"),
        ("issued_or_nan", "<f4"),
        ("dimension", "<u4"),
        ("currency", "<u8"),
        ("buyer", "<u8"),
        ("link", "<u8"),
        ("store", "<u8"),
        ("shipped", "<f8"),
        ("first_ship_or_nan", "<f4"),
        ("last_ship_or_nan", "<f4"),
        ("invoiced", "<f8"),
        ("invoiced_amount", "<f8"),
        ("invoices", "<f4"),
        ("requests", "<f4"),
        ("requested", "<f8"),
        ("financier", "<u8"),
        ("other_financier", "<f4"),
        ("credited", "<f8"),
        ("price_or_nan", "<f4"),
        ("deviation_or_nan", "<f4"),
        ("own_price_or_nan", "<f4"),
        ("gap_or_nan", "<f4"),
        ("repeated_or_nan", "<f4"),
    ]
)
"""An order, invoice, receipt or drawdown, known by itself or only from those that refer to it.

`link` is what it rests on: an invoice on its order, a receipt on its lot, a drawdown on its claim."""

SELLER_ROW = np.dtype(
    [
        *_HEAD,
        ("first_s_or_nan", "<f8"),
        ("last_s_or_nan", "<f8"),
        ("turnover", "<f8", (2,)),
        ("financed", "<f8", (2,)),
        ("invoiced", "<f8"),
        ("credited", "<f8"),
        ("drawn", "<f8"),
        ("limit", "<f8"),
        ("drawn_s_or_nan", "<f8"),
        ("digits", "<f8", (9,)),
        ("sales", "<f8"),
        ("zeros", "<f8"),
        ("prices", "<f8"),
        ("price", "<f8"),
    ]
)
"""A seller's dealings in one currency, decayed; turnover and financing by the fast and the slow window."""

PAIR_ROW = np.dtype(
    [
        *_HEAD,
        ("first_s_or_nan", "<f8"),
        ("last_s_or_nan", "<f8"),
        ("sales", "<f8"),
        ("log_amount", "<f8"),
        ("invoiced", "<f8"),
        ("credited", "<f8"),
        ("credits", "<f8"),
        ("unshipped", "<f4"),
        ("next", "<u4"),
        ("loose_quantity", "<f8", (LOOSE,)),
        ("loose_day", "<f4", (LOOSE,)),
        ("loose_dimension", "<u4", (LOOSE,)),
    ]
)
"""A seller and a buyer: age, decayed sales, and the last shipments that name no document."""

FIRM_ROW = np.dtype([*_HEAD, ("accounts", "<u8", (ACCOUNTS,))])
"""A firm: the accounts that it was last named with."""

SERIES_ROW = np.dtype([*_HEAD, ("last_or_nan", "<f8"), ("numbers", "<u4", (NUMBERS,))])
"""One issuer's numbers of one type of document: the last, and hashes of the digits of the last sixteen."""

GOODS_ROW = np.dtype([*_HEAD, ("last_s_or_nan", "<f8"), ("count", "<f8"), ("price", "<f8"), ("square", "<f8")])
"""A goods code in one currency and dimension: decayed count, sum and squares of log unit prices."""

LOT_ROW = np.dtype([*_HEAD, ("receipts", "<f8"), ("value", "<f8"), ("pledged", "<f8")])
"""A lot of a warehouse: its receipts, the largest declared value, what was asked for on it."""

STORE_ROW = np.dtype(
    [
        *_HEAD,
        ("last_s_or_nan", "<f8"),
        ("fill", "<f8"),
        ("known", "<f8"),
        ("shares", "<f8"),
        ("goods", "<u8"),
        ("capacity", "<f8"),
    ]
)
"""A warehouse's location: decayed sum of receipts over its capacity, and the capacity that was last told."""

NODE_ROW = np.dtype(
    [
        *_HEAD,
        ("last_s_or_nan", "<f8"),
        ("out_key", "<u8", (EDGES,)),
        ("out_flow", "<f4", (EDGES,)),
        ("out_amount", "<f4", (EDGES,)),
        ("out_day", "<f4", (EDGES,)),
        ("in_key", "<u8", (EDGES,)),
        ("in_flow", "<f4", (EDGES,)),
        ("in_amount", "<f4", (EDGES,)),
        ("in_day", "<f4", (EDGES,)),
    ]
)
"""A firm in one currency as a node of trade: the largest edges to those it sells to and from those it buys of.

Of an edge the other firm, the decayed flow, and the last sale's amount and day."""

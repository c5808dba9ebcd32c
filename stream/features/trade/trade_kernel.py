"""The compiled pass over documents: each one's features from the rows it touches, and the rows' change."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from stream.features.kernel import kernel
from stream.features.trade import trade_columns as to
from stream.features.trade.claim_kernel import tell_claim, tell_pledge
from stream.features.trade.document_columns import (
    CREDIT,
    DRAWDOWN,
    INVOICE,
    ORDER,
    RECEIPT,
    REPAYMENT,
    REQUEST,
    SHIPMENT,
)
from stream.features.trade.document_kernel import arrive, find_claim, refer
from stream.features.trade.number_kernel import observe_number
from stream.features.trade.pair_kernel import observe_pair
from stream.features.trade.payer_kernel import learn_accounts, tell_payer
from stream.features.trade.price_kernel import observe_price
from stream.features.trade.seller_kernel import observe_seller
from stream.features.trade.slot_table import Slots, look, mix, take
from stream.features.trade.store_kernel import store_goods, tell_store
from stream.features.trade.trade_graph import add_sale, find_circles, sellers_of, tell_partners


class Tables(NamedTuple):
    """The tables of trade as kernels see them."""

    documents: Slots
    sellers: Slots
    pairs: Slots
    firms: Slots
    series: Slots
    goods: Slots
    lots: Slots
    stores: Slots
    nodes: Slots


@kernel
def observe_rows(documents: npt.NDArray[np.void], tables: Tables, tick: Any, features: npt.NDArray[np.float32]) -> None:
    """Fill features in order of arrival; `tick` numbers the first document."""
    for at in range(len(documents)):
        _observe(documents[at], tables, tick + np.uint64(at), features[at])


@kernel
def _observe(document: Any, tables: Tables, tick: Any, out: npt.NDArray[np.float32]) -> None:
    rows, kind = tables.documents, document.kind
    out[to.DOCUMENT_TYPE] = kind
    claim, is_new, is_sale = _place(document, tables, tick)
    if kind != SHIPMENT or document.currency != 0:
        _observe_seller(document, claim, tables, is_new, is_sale, tick, out)
    buyer = document.buyer
    if buyer == 0 and claim >= 0:
        buyer = rows.data[claim].buyer
    pair = mix(document.seller, buyer) if buyer != 0 else np.uint64(0)
    if pair != 0:
        observe_pair(document, tables.pairs.data[take(tables.pairs, pair, tick)], is_sale, out)
        if document.currency != 0:
            _observe_graph(document, claim, buyer, tables, is_sale, tick, out)
    if claim >= 0:
        tell_claim(document, rows.data[claim], rows, tables.pairs, pair, out)
        _tell_goods(document, rows.data[claim], tables, is_new, tick, out)
    if kind == REPAYMENT:
        tell_payer(document, tables.firms, buyer if claim >= 0 else np.uint64(0), out)
    learn_accounts(document, tables.firms, tick)


@kernel
def _observe_seller(
    document: Any, claim: Any, tables: Tables, is_new: Any, is_sale: Any, tick: Any, out: npt.NDArray[np.float32]
) -> None:
    row = tables.sellers.data[take(tables.sellers, mix(document.seller, document.currency), tick)]
    observe_seller(document, row, is_sale, out)
    if is_new and document.kind in (ORDER, INVOICE, RECEIPT):
        observe_price(document, tables.documents.data[claim], tables.goods, row, is_sale, tick)


@kernel
def _observe_graph(
    document: Any, claim: Any, buyer: Any, tables: Tables, is_sale: Any, tick: Any, out: npt.NDArray[np.float32]
) -> None:
    nodes, now_s = tables.nodes, document.occurred_at_s
    source, sink = mix(document.seller, document.currency), mix(buyer, document.currency)
    if is_sale and document.amount > 0.0:
        add_sale(nodes, source, sink, document.amount, now_s, tick)
    tell_partners(nodes, source, sink, out)
    out[to.BUYER_SELLERS] = sellers_of(nodes, sink)
    if claim >= 0 and tables.documents.data[claim].amount_or_nan > 0.0:
        find_circles(nodes, source, sink, tables.documents.data[claim].amount_or_nan, now_s, out)


@kernel
def _tell_goods(document: Any, row: Any, tables: Tables, is_new: Any, tick: Any, out: npt.NDArray[np.float32]) -> None:
    if row.kind != RECEIPT:
        return
    tell_pledge(row, tables.lots, out)
    if is_new and document.kind == RECEIPT:
        store_goods(document, tables.stores.data[take(tables.stores, row.store, tick)])
    slot = look(tables.stores, row.store)
    if slot >= 0:
        tell_store(tables.stores.data[slot], document.occurred_at_s, out)


@kernel
def _place(document: Any, tables: Tables, tick: Any) -> Any:
    """Take a document into its row and those it names; return its claim's slot, and whether it is new and a sale."""
    rows, kind = tables.documents, document.kind
    claim, is_new, is_sale = -1, False, False
    if kind in (ORDER, INVOICE, RECEIPT, DRAWDOWN):
        claim, is_new, is_sale = arrive(document, rows, tables.lots, tick)
    elif kind in (REQUEST, CREDIT, SHIPMENT):
        refer(document, rows, tables.lots, tick)
    if kind not in (ORDER, INVOICE, RECEIPT, SHIPMENT):
        claim = find_claim(document, rows)
    elif is_new:
        series = tables.series.data[take(tables.series, mix(document.issuer, np.uint64(kind)), tick)]
        observe_number(document, rows.data[claim], series)
    return claim, is_new, is_sale

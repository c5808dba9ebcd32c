"""What documents of trade say of one another, in whatever order they come."""

from dataclasses import replace

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.errors import ForeshotError
from stream.events.supply_chain.supply_chain_event import EVENT_TYPES
from stream.features.trade.trade_columns import TRADE_WIDTH
from stream.features.trade.trade_features import observe_documents
from stream.features.trade.trade_specification import NAMES
from stream.features.trade.trade_state import TradeSizes, TradeState
from stream.simulation.supply_chain.simulate import simulate_supply_chain
from tests.builders.economy import a_mixed_line
from tests.builders.supply_chain import (
    INVOICE,
    a_credit_note,
    a_drawdown,
    a_financing_request,
    a_purchase_order,
    a_repayment,
    a_shipment,
    a_warehouse_receipt,
    an_acceptance,
    an_invoice,
)
from tests.unit.features.trade.trade_documents import documents
from tests.unit.features.trade.trade_oracle import Oracle

SMALL = TradeSizes(*[64] * 9)
_MOST = 80
A_DOCUMENT = {
    "shipment": a_shipment,
    "warehouse_receipt": a_warehouse_receipt,
    "repayment": a_repayment,
    "financing_request": a_financing_request,
}
ORDER_FREE = (
    "no_order", "no_shipment", "shipped_after_invoice", "invoiced_after_order", "quantity_vs_order",
    "quantity_vs_shipment", "invoiced_vs_order", "financed_times", "financed_vs_amount", "order_financed",
    "other_financier", "pair_age", "pair_share", "buyers", "pair_credits", "dilution", "pair_dilution", "credited",
    "turnover_growth", "financing_growth", "limit_use", "benford_distance",
)  # fmt: skip


def a_state():
    return TradeState(SMALL)


def check(arrived):
    rows = observe_documents(TradeState(), arrived)
    for at, row in enumerate(rows):
        expected = Oracle(arrived[: at + 1]).features()
        assert not set(expected) - set(NAMES)
        for name, value in zip(NAMES, row.tolist(), strict=True):
            wanted = expected.get(name, np.nan)
            if wanted is not None:
                assert value == pytest.approx(wanted, rel=2e-3, abs=2e-3, nan_ok=True), (at, arrived[at].type, name)
    return rows


@settings(max_examples=40)
@given(documents())
def test_every_feature_equals_the_slow_oracle(arrived):
    check(arrived)


@pytest.mark.parametrize("is_shuffled", [False, True])
@pytest.mark.parametrize("kind", ["factoring", "warehouse_receipts"])
def test_every_feature_equals_the_slow_oracle_on_simulated_trade(kind, is_shuffled):
    line = replace(a_mixed_line(kind, 4), sellers=16, buyers=6, deals_per_year=40)
    made = simulate_supply_chain([line], 180, 2).documents[-_MOST:]
    arrived = [EVENT_TYPES[one["type"]].model_validate_json(orjson.dumps(one)) for one in made]
    if is_shuffled:
        np.random.default_rng(1).shuffle(arrived)
    rows = check(arrived)
    told = {name for name, seen in zip(NAMES, np.isfinite(rows).any(0).tolist(), strict=True) if seen}
    assert len(told) >= (37 if kind == "factoring" else 20)


@settings(max_examples=30)
@given(documents(30), st.lists(st.integers(1, 6), max_size=10))
def test_batch_cuts_change_no_bit(arrived, cuts):
    whole, cut = a_state(), a_state()
    expected = observe_documents(whole, arrived)
    parts, start = [], 0
    for size in [*cuts, len(arrived)]:
        parts.append(observe_documents(cut, arrived[start : start + size]))
        start += size
    assert np.concatenate(parts).tobytes() == expected.tobytes()
    assert cut.drain_changes() == whole.drain_changes()


@settings(max_examples=30)
@given(documents(30), st.integers(0, 30), st.integers(0, 30))
def test_a_restored_state_goes_on_to_the_bit_wherever_it_was_drained(arrived, first, second):
    state, changelog = a_state(), []
    for part in (arrived[:first], arrived[first : first + second]):
        observe_documents(state, part)
        changelog += state.drain_changes()
    restored = a_state()
    assert restored.restore(changelog) == len(changelog)
    rest = arrived[first + second :]
    assert observe_documents(restored, rest).tobytes() == observe_documents(state, rest).tobytes()
    assert restored.drain_changes() == state.drain_changes()


@settings(max_examples=30)
@given(st.data())
def test_what_is_known_of_a_deal_is_the_same_in_whatever_order_its_documents_came(data):
    deal = [a_purchase_order(), a_shipment(), an_invoice(), a_financing_request(), a_credit_note(), a_drawdown()]
    told = []
    for arrived in (deal, data.draw(st.permutations(deal))):
        state = a_state()
        observe_documents(state, arrived)
        told.append(observe_documents(state, [an_acceptance()])[0])
    after = [NAMES.index(name) for name in ORDER_FREE]
    assert told[0][after] == pytest.approx(told[1][after], rel=1e-5)
    assert np.isfinite(told[0][after]).all()


@pytest.mark.parametrize("kind", ["shipment", "warehouse_receipt", "repayment", "financing_request"])
def test_a_lonely_document_has_nan_where_nothing_applies(kind):
    row = observe_documents(a_state(), [A_DOCUMENT[kind]()])[0]
    assert np.isnan(row[[NAMES.index(name) for name in ("unit_price", "quantity_vs_order", "limit_use")]]).all()
    assert np.isnan(row[NAMES.index("no_shipment")])


def test_a_quantity_of_another_dimension_is_not_compared():
    pieces = {"value": 5, "unit_code": "C62"}
    rows = observe_documents(a_state(), [a_purchase_order(quantity=pieces), a_shipment(), an_invoice()])
    assert np.isnan(rows[2, NAMES.index("quantity_vs_order")])
    assert rows[2, NAMES.index("no_shipment")] == 0.0


def test_an_invoice_is_found_under_a_number_in_full_width():
    wide = [{"type": "invoice", "number": "\uff29\uff2e\uff36\uff0d\uff11", "issuer": "S1"}]
    rows = observe_documents(a_state(), [an_invoice(), a_financing_request(references=wide)])
    assert rows[1, NAMES.index("financed_vs_amount")] == pytest.approx(0.0)


def test_a_document_that_is_named_twice_counts_once():
    twice = [INVOICE, INVOICE]
    rows = observe_documents(a_state(), [an_invoice(), a_financing_request(references=twice), an_acceptance()])
    assert np.expm1(rows[2, NAMES.index("financed_times")]) == pytest.approx(1.0)


def test_lines_do_not_see_each_others_documents():
    rows = observe_documents(a_state(), [an_invoice(line="a"), a_financing_request(line="b")])
    assert np.isnan(rows[1, NAMES.index("claim_age")])


def test_no_documents_have_no_features():
    assert observe_documents(a_state(), []).shape == (0, TRADE_WIDTH)


def test_memory_is_bounded_and_what_was_dropped_is_forgotten():
    state = a_state()
    many = [an_invoice(document_number=f"INV-{at}", seller={"id": f"S{at}"}) for at in range(500)]
    observe_documents(state, many)
    assert state.counts()["documents"] <= SMALL.documents
    assert state.size_bytes() == a_state().size_bytes()


def test_rows_that_are_not_of_trade_are_refused():
    with pytest.raises(ForeshotError, match="no row of trade"):
        a_state().restore([(b"cards\0card-1", b"")])

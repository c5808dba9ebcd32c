"""The names and words of the features of trade."""

from math import log

import pytest

from stream.features.trade import trade_columns
from stream.features.trade.trade_specification import FEATURES, NAMES

COLUMNS = {
    "PAIR_NEW": "buyer_new", "SHIPPED_AFTER": "shipped_after_invoice", "ZEROS": "amount_noughts",
    "ZEROS_VS_OWN": "noughts_vs_own", "BENFORD": "benford_distance", "PRICE": "unit_price",
    "PRICE_DEVIATION": "unit_price_deviation", "PRICE_VS_OWN": "unit_price_vs_own", "CYCLE_HOPS": "circle_hops",
    "CYCLE_BALANCE": "circle_balance", "CYCLE_FLOW": "circle_flow",
}  # fmt: skip


def of(name):
    return FEATURES[NAMES.index(name)]


def test_columns_of_the_kernels_are_those_of_the_specification():
    columns = {name: at for name, at in vars(trade_columns).items() if name.isupper() and name != "TRADE_WIDTH"}
    assert {COLUMNS.get(name, name.lower()): at for name, at in columns.items()} == {
        name: at for at, name in enumerate(NAMES)
    }
    assert len(NAMES) == trade_columns.TRADE_WIDTH


@pytest.mark.parametrize("feature", FEATURES, ids=NAMES)
@pytest.mark.parametrize("value", [-7.0, 0.0, 0.4, 12.0, 1e9])
def test_every_feature_can_be_told_to_a_person(feature, value):
    text = feature.describe(value, "supplier")
    assert text
    assert "{" not in text


def test_texts_tell_the_quantity_behind_the_feature():
    assert of("no_shipment").describe(1.0) == "no shipment in 30 days"
    assert of("buyer_new").describe(1.0) == "buyer first seen"
    assert of("unit_price").describe(log(2.4)) == "unit price 2.4 times the goods code's usual"
    assert of("document_type").describe(9.0) == "the document is of type repayment"
    assert of("document_type").describe(2.5) == "the document is of type none known"
    assert of("circle_hops").describe(3.0) == "closes a circle of 3 sales"
    assert of("shipped_after_invoice").describe(log(1 + 21)) == "first shipped +21 days after the invoice's date"

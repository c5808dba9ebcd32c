"""The features of trade: their names, their order, and how each is told to a person."""

from dataclasses import replace
from math import copysign, exp, expm1, log1p

import numpy as np

from stream.events.supply_chain.supply_chain_event import EVENT_TYPES
from stream.features.feature import Feature

# No document makes such logarithms, but a forged record may hold them, and is told like any other.
_MOST_LOG = 100.0


def _times(value: float) -> float:
    return exp(min(value, _MOST_LOG))


def _count(value: float) -> float:
    return expm1(min(value, _MOST_LOG))


def _days(value: float) -> float:
    return copysign(expm1(min(abs(value), _MOST_LOG)), value)


_CLAIM = (
    Feature("no_order", "subject", "no order", text_if_not="an order"),
    Feature("no_shipment", "subject", "no shipment in 30 days", text_if_not="a shipment in 30 days"),
    Feature("shipped_after_invoice", "subject", "first shipped {value:+.0f} days after the invoice's date", _days),
    Feature("invoiced_after_order", "subject", "invoiced {value:+.0f} days after the order", _days),
    Feature("claim_age", "subject", "the claim is {value:.0f} days old", _days, movable=True),
    Feature("quantity_vs_order", "subject", "quantity {value:.2f} times what was ordered", _times),
    Feature("quantity_vs_shipment", "subject", "quantity {value:.2f} times what was shipped", _times),
    Feature("invoiced_vs_order", "subject", "invoices of {value:.2f} times the order", _times),
    Feature("financed_times", "subject", "asked for money {value:.0f} times before on this document", _count),
    Feature("financed_vs_amount", "subject", "asked for {value:.2f} times the document's amount in all", _times),
    Feature("order_financed", "subject", "asked for {value:.2f} times the order's amount in all", _times),
    Feature(
        "other_financier", "subject", "another financier was asked on this document", text_if_not="one financier alone"
    ),
)  # fmt: skip

_PAIR = (
    Feature("buyer_new", "subject", "buyer first seen", text_if_not="a buyer known for more than 30 days"),
    Feature("pair_age", "subject", "seller and buyer first seen together {value:.0f} days ago", _count),
    Feature("buyer_sellers", "subject", "{value:.0f} sellers sell to this buyer"),
    Feature("amount_vs_pair", "subject", "amount {value:.1f} times the two's usual", _times, movable=True),
    Feature("pair_share", "subject", "{value:.0%} of the seller's sales go to this buyer"),
    Feature("buyers", "subject", "the seller has {value:.1f} buyers by the spread of its sales"),
    Feature("pair_unshipped", "subject", "{value:.0f} sales since the two's last shipment", _count),
    Feature("pair_credits", "subject", "about {value:.0f} credit notes between the two in three months", _count),
)  # fmt: skip

_NUMBER_AND_AMOUNT = (
    Feature("number_gap", "subject", "document number {value:+.0f} from the last one", _days),
    Feature("number_repeated", "subject", "a number seen before", text_if_not="a number not seen before"),
    Feature("amount_noughts", "subject", "amount ends in {value:.0f} noughts", movable=True),
    Feature("noughts_vs_own", "subject", "{value:+.1f} noughts against the seller's usual", movable=True),
    Feature("benford_distance", "subject", "first digits of the seller's amounts {value:.0%} off Benford's law"),
)  # fmt: skip

_PRICE = (
    Feature("unit_price", "subject", "unit price {value:.1f} times the goods code's usual", _times),
    Feature("unit_price_deviation", "subject", "unit price {value:+.1f} deviations from the goods code's usual"),
    Feature("unit_price_vs_own", "subject", "unit price {value:.1f} times what this seller usually takes", _times),
)  # fmt: skip

_MONEY = (
    Feature("dilution", "subject", "{value:.0%} of the seller's invoices credited"),
    Feature("pair_dilution", "subject", "{value:.0%} of the invoices between the two credited"),
    Feature("credited", "subject", "{value:.0%} of this invoice credited"),
    Feature("payer_not_buyer", "subject", "another than the buyer pays", text_if_not="the buyer pays"),
    Feature(
        "payer_account_new", "subject", "an account the payer was not seen with", text_if_not="an account of the payer"
    ),
    Feature(
        "payer_account_of_seller", "subject", "paid from the seller's own account", text_if_not="not from the seller"
    ),
    Feature("since_drawdown", "subject", "{value:.1f} days after the seller's last drawdown", _days, movable=True),
    Feature("turnover_growth", "subject", "turnover of two weeks {value:.1f} times that of three months", _times),
    Feature("financing_growth", "subject", "requests of two weeks {value:.1f} times those of three months", _times),
    Feature("limit_use", "subject", "{value:.0%} of the limit drawn or asked for", movable=True),
)  # fmt: skip

_STORED = (
    Feature("lot_receipts", "subject", "{value:.0f} other receipts for this lot", _count),
    Feature("lot_pledged", "subject", "asked for {value:.2f} times the lot's value in all", _times),
    Feature("store_fill", "subject", "receipts for {value:.0%} of what the warehouse can hold"),
)

_TYPES = tuple(name.replace("_", " ") for name in EVENT_TYPES)


def _type(value: float) -> str:
    known = value.is_integer() and 1 <= value <= len(_TYPES)
    return _TYPES[int(value) - 1] if known else "none known"


_CIRCLE = (
    Feature("circle_hops", "subject", "closes a circle of {value:.0f} sales", text_if_not="closes no circle of sales"),
    Feature("circle_balance", "subject", "the circle's smallest sale is {value:.0%} of its largest"),
    Feature("circle_flow", "subject", "the circle's smallest flow is {value:.0%} of its largest"),
)

_DOCUMENT = (Feature("document_type", "subject", "the document is of type {value}", _type),)

# 0 is what is usual: as much as ordered, the goods' price, no circle. Of these it is what frauds have.
_USUAL = {"pair_age": log1p(365.0), "buyer_sellers": 16.0, "since_drawdown": log1p(365.0)}

FEATURES: tuple[Feature, ...] = tuple(
    replace(feature, absent=_USUAL.get(feature.name, 0.0))
    for feature in _CLAIM + _PAIR + _NUMBER_AND_AMOUNT + _PRICE + _MONEY + _STORED + _CIRCLE + _DOCUMENT
)
"""The columns of `trade_features.observe_documents`."""

NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
ABSENT = np.array([feature.absent for feature in FEATURES], np.float32)
"""What stands in a column where a document has no such feature: the row of a payment."""

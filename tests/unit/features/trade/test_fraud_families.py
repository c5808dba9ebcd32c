"""Each family of the simulator's frauds moves the feature that is to carry it, among decoys that look like it."""

from functools import cache

import numpy as np
import orjson
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from stream.events.supply_chain.supply_chain_event import EVENT_TYPES
from stream.features.trade.trade_features import observe_documents
from stream.features.trade.trade_specification import NAMES
from stream.features.trade.trade_state import TradeState
from stream.simulation.supply_chain.simulate import simulate_supply_chain
from tests.builders.economy import FAMILIES, a_line, decoys_of

DAY_S = 86400.0
_KNOWN_AFTER_S = 60 * DAY_S
_SEEDS = (3, 4)

# Family, the feature that carries it, whether more of it tells, and the least AUC.
CARRIED = [
    ("double_financing_exact", "financed_vs_amount", True, 0.9),
    ("double_financing_near", "pair_unshipped", True, 0.65),
    ("double_financing_near", "order_financed", True, 0.6),
    ("fictitious_invoice", "no_shipment", True, 0.85),
    ("fictitious_invoice", "pair_unshipped", True, 0.85),
    ("fictitious_invoice", "no_order", True, 0.6),
    ("pre_invoicing", "no_shipment", True, 0.85),
    ("re_ageing", "no_shipment", True, 0.8),
    ("over_invoicing", "unit_price_vs_own", True, 0.8),
    ("over_invoicing", "unit_price", True, 0.8),
    ("quantity_above_shipment", "quantity_vs_shipment", True, 0.75),
    ("quantity_above_shipment", "quantity_vs_order", True, 0.7),
    ("circular_trade", "circle_balance", True, 0.85),
    ("bust_out", "limit_use", True, 0.75),
    ("bust_out", "financing_growth", True, 0.6),
    ("diluted_receivables", "financed_times", True, 0.55),
    ("diluted_receivables", "pair_credits", True, 0.7),
    ("own_money_repayment", "payer_account_of_seller", True, 0.9),
    ("own_money_repayment", "since_drawdown", False, 0.75),
    ("lot_pledged_twice", "lot_pledged", True, 0.75),
    ("above_capacity", "store_fill", True, 0.8),
    ("phantom_buyer", "pair_unshipped", True, 0.85),
    ("phantom_buyer", "buyer_sellers", False, 0.75),
    ("phantom_buyer", "buyer_new", True, 0.6),
]


@cache
def simulated(family):
    """Return features of the documents of the frauds' type, and which show the fraud."""
    kind = FAMILIES[family].kinds[0]
    decoys = dict.fromkeys(decoys_of(kind), 20.0)
    line = a_line(kind, frauds_per_year=40, families={family: 1.0}, decoys=decoys)
    rows, frauds = [], []
    for seed in _SEEDS:
        made = simulate_supply_chain([line], 365, seed)
        events = [EVENT_TYPES[one["type"]].model_validate_json(orjson.dumps(one)) for one in made.documents]
        is_fraud = np.array([origin.is_fraud for origin in made.origins])
        acts = {one.type for one, fraud in zip(events, is_fraud, strict=True) if fraud}
        known = events[0].occurred_at_s + _KNOWN_AFTER_S
        chosen = np.array([one.type in acts and one.occurred_at_s > known for one in events])
        rows.append(observe_documents(TradeState(), events)[chosen])
        frauds.append(is_fraud[chosen])
    return np.concatenate(rows), np.concatenate(frauds)


def told(family, feature, is_more):
    """Return how a feature ranks a family's documents: its AUC, average precision, and the share of frauds."""
    rows, is_fraud = simulated(family)
    column = rows[:, NAMES.index(feature)]
    filled = np.where(np.isnan(column), np.nanmedian(column), column) * (1 if is_more else -1)
    return roc_auc_score(is_fraud, filled), average_precision_score(is_fraud, filled), is_fraud.mean()


@pytest.mark.parametrize(("family", "feature", "is_more", "least"), CARRIED)
def test_a_family_moves_the_feature_that_carries_it(family, feature, is_more, least):
    auc, precision, share = told(family, feature, is_more)
    assert auc > least
    assert precision > share


def test_every_family_is_carried():
    assert {family for family, *_ in CARRIED} == set(FAMILIES)


if __name__ == "__main__":
    for family, feature, is_more, _ in CARRIED:
        auc, precision, share = told(family, feature, is_more)
        sign = "" if is_more else "less "
        print(f"| `{family}` | {sign}`{feature}` | {auc:.2f} | {precision:.2f} | {share:.2f} |")

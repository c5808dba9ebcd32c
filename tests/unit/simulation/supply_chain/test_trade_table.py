import numpy as np
import orjson
import pytest

from stream.events.supply_chain.supply_chain_event import EVENT_TYPES
from stream.features.trade.trade_features import observe_documents
from stream.features.trade.trade_specification import NAMES
from stream.features.trade.trade_state import TradeState
from stream.simulation.supply_chain.simulate import simulate_supply_chain
from tests.builders.economy import a_line
from tests.builders.trade_table import TRADE_COLUMNS, trade_table

AT = {name: at for at, name in enumerate(TRADE_COLUMNS)}


@pytest.fixture(scope="module")
def world():
    families = {"double_financing_exact": 1.0}
    lines = [
        a_line("factoring", name=name, frauds_per_year=40, families=families, decoys={"instalments": 20.0})
        for name in ("one", "two")
    ]
    made = simulate_supply_chain(lines, 200, 5)
    return made, trade_table(made.documents)


def test_a_lines_columns_are_those_of_its_documents_alone_in_order_of_arrival(world):
    made, table = world
    for line in ("one", "two"):
        rows = [at for at, one in enumerate(made.documents) if one["line"] == line]
        events = [
            EVENT_TYPES[made.documents[at]["type"]].model_validate_json(orjson.dumps(made.documents[at])) for at in rows
        ]
        alone = observe_documents(TradeState(), events)
        assert np.array_equal(table[rows, : len(NAMES)], alone, equal_nan=True)


def test_later_documents_change_nothing_of_earlier_ones(world):
    made, table = world
    half = len(made.documents) // 2
    assert np.array_equal(trade_table(made.documents[:half]), table[:half], equal_nan=True)


def test_the_ledger_finds_what_is_financed_twice_and_is_silent_of_documents_that_ask_for_nothing(world):
    made, table = world
    nearness = table[:, AT["ledger_nearness"]]
    is_fraud = np.array([origin.is_fraud for origin in made.origins])
    is_plain = np.array([origin.behaviour == "" for origin in made.origins])
    asks = table[:, AT["is_financing_request"]] == 1
    assert (nearness[is_fraud] > 0).mean() > 0.8
    assert (nearness[asks & is_plain] > 0).mean() < 0.05
    others = np.array([one["type"] not in ("financing_request", "assignment") for one in made.documents])
    assert np.isnan(nearness[others]).all()
    assert not np.isnan(nearness[asks]).any()

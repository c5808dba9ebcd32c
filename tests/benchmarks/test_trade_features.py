"""What the features of trade cost a document, what an entity takes, and the search for circles at its worst."""

import numpy as np
import orjson
import pytest

from stream.clock import FixedClock
from stream.events.decode import Decoder, SourceRecord
from stream.events.supply_chain.supply_chain_event import EVENT_TYPES
from stream.features.kernel import kernel
from stream.features.profile_state import ProfileState
from stream.features.specification import DOCUMENTS
from stream.features.trade import trade_rows
from stream.features.trade.document_columns import documents_as_columns
from stream.features.trade.slot_table import SlotTable
from stream.features.trade.trade_columns import CYCLE_HOPS, TRADE_WIDTH
from stream.features.trade.trade_features import observe_documents
from stream.features.trade.trade_graph import add_sale, find_circles
from stream.features.trade.trade_kernel import observe_rows
from stream.features.trade.trade_rows import EDGES
from stream.features.trade.trade_state import TradeState
from stream.metrics import Metrics
from stream.pipelines.profile_subject import ProfileStep
from tests.builders.economy import a_mixed_line, simulate_supply_chain
from tests.builders.supply_chain import a_documents_line

SEARCHES = 1_000
_NOW_S = 1.7e9


@pytest.fixture(scope="module")
def documents():
    made = simulate_supply_chain([a_mixed_line("factoring"), a_mixed_line("warehouse_receipts")], 365, 1)
    return [EVENT_TYPES[one["type"]].model_validate_json(orjson.dumps(one)) for one in made.documents]


def test_observing_documents(benchmark, documents):
    observe_documents(TradeState(), documents)
    benchmark.extra_info["documents"] = len(documents)
    features = benchmark.pedantic(observe_documents, setup=lambda: ((TradeState(), documents), {}), rounds=5)
    assert np.isfinite(features).any()


@pytest.mark.parametrize("together", [64, 512])
def test_the_first_hop_of_documents_with_its_changelog(benchmark, together):
    made = simulate_supply_chain([a_mixed_line("factoring")], 365, 1).documents
    line = a_documents_line(line="a-factoring")
    topic = f"{line.topic}-rekeyed"
    records = [SourceRecord(topic, 0, at, b"", orjson.dumps(one), 0) for at, one in enumerate(made)]

    def a_fresh_step():
        decoder = Decoder({line.name: line}, FixedClock(1e11))
        return (ProfileStep(decoder, ProfileState(DOCUMENTS), Metrics(), 0, 1),), {}

    def run(step):
        for start in range(0, len(records), together):
            assert step.process(records[start : start + together]).outgoing
            step.state.drain_changes()

    run(*a_fresh_step()[0])
    benchmark.extra_info["documents"] = len(records)
    benchmark.pedantic(run, setup=a_fresh_step, rounds=3)


def test_the_compiled_pass_over_documents(benchmark, documents):
    columns = documents_as_columns(documents)

    def a_fresh_state():
        state = TradeState()
        features = np.full((len(columns), TRADE_WIDTH), np.nan, np.float32)
        return (columns, state.tables, state.next_ticks(len(columns)), features), {}

    observe_rows(*a_fresh_state()[0])
    benchmark.extra_info["documents"] = len(documents)
    benchmark.pedantic(observe_rows, setup=a_fresh_state, rounds=5)


def test_the_bytes_of_an_entity(benchmark, documents):
    state = TradeState()
    observe_documents(state, documents)
    changes = benchmark.pedantic(state.drain_changes, rounds=1)
    sizes = {name: dtype.itemsize for name, dtype in vars(trade_rows).items() if name.endswith("_ROW")}
    benchmark.extra_info |= {**sizes, "bytes_when_full": state.size_bytes(), "rows": state.counts()}
    assert len(changes) == sum(state.counts().values())
    assert max(sizes.values()) <= 704


@kernel
def _search(nodes, times, out):
    for _ in range(times):
        find_circles(nodes, np.uint64(1), np.uint64(2), 100.0, _NOW_S, out)


def a_full_neighbourhood(*, is_closed):
    """Return nodes with every edge taken and in the window: of no way back to the seller, or of 256."""
    nodes = SlotTable(b"nodes", trade_rows.NODE_ROW, 1024).slots
    for middle in range(3, 3 + EDGES):
        add_sale(nodes, np.uint64(2), np.uint64(middle), 100.0, _NOW_S, np.uint64(1))
    for other in range(100, 100 + EDGES):
        for middle in range(3, 3 + EDGES):
            add_sale(nodes, np.uint64(middle), np.uint64(other), 100.0, _NOW_S, np.uint64(1))
        add_sale(nodes, np.uint64(other if is_closed else other + 400), np.uint64(1), 100.0, _NOW_S, np.uint64(1))
    return nodes


@pytest.mark.parametrize("is_closed", [False, True])
def test_the_search_for_circles_at_its_worst(benchmark, is_closed):
    nodes, out = a_full_neighbourhood(is_closed=is_closed), np.zeros(TRADE_WIDTH, np.float32)
    _search(nodes, 1, out)
    benchmark.extra_info["searches"] = SEARCHES
    benchmark(_search, nodes, SEARCHES, out)
    assert out[CYCLE_HOPS] == (4.0 if is_closed else 0.0)

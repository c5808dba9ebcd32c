"""What documents of trade say of one another, in whatever order they come."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.features.trade.trade_columns import TRADE_WIDTH
from stream.features.trade.trade_features import observe_documents
from stream.features.trade.trade_specification import NAMES
from stream.features.trade.trade_state import TradeSizes, TradeState
from tests.unit.features.trade.trade_documents import documents
from tests.unit.features.trade.trade_oracle import Oracle

SMALL = TradeSizes(*[64] * 9)


def a_state():
    return TradeState(SMALL)


@settings(max_examples=40)
@given(documents())
def test_every_feature_equals_the_slow_oracle(arrived):
    rows = observe_documents(a_state(), arrived)
    for at, row in enumerate(rows):
        expected = Oracle(arrived[: at + 1]).features()
        assert not set(expected) - set(NAMES)
        for name, value in zip(NAMES, row.tolist(), strict=True):
            wanted = expected.get(name, np.nan)
            if wanted is not None:
                assert value == pytest.approx(wanted, rel=2e-3, abs=2e-3, nan_ok=True), (at, arrived[at].type, name)


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

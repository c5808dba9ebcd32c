"""What a counterparty's state says of its next event."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.features import counterparty_kernel
from stream.features.counterparty import CounterpartyState, observe
from stream.features.payment_features import COUNTERPARTY, COUNTERPARTY_WIDTH
from tests.builders.event_batches import DAY_S, Seen, a_counterparty_batch
from tests.unit.features.window_oracle import counterparty_features

NAMES = [feature.name for feature in COUNTERPARTY]
# Whole hours, off the buckets' edges: an oracle in other arithmetic may round an edge the other way.
times_s = st.integers(0, 24 * 40).map(lambda hours: hours * 3600.0 + 11.0)
seen_lists = st.lists(
    st.builds(
        Seen,
        at_s=times_s,
        amount=st.floats(0.01, 1e5, allow_nan=False),
        fraud_delta=st.sampled_from([0.0, 0.0, 0.0, 1.0]),
    ),
    min_size=1,
    max_size=30,
)
delays_s = st.sampled_from([0.0, 43_200.0, 7 * DAY_S, 20 * DAY_S])


def of(name, rows):
    return rows[:, NAMES.index(name)]


def state_of(seen, delay_s=7 * DAY_S):
    state = CounterpartyState()
    observe(state, a_counterparty_batch(seen, delay_s))
    return state


@given(seen_lists, delays_s)
def test_windows_and_risks_equal_the_slow_oracle_in_any_order_of_arrival(seen, delay_s):
    rows = observe(CounterpartyState(), a_counterparty_batch(seen, delay_s))
    for row, expected in zip(rows, counterparty_features(seen, delay_s), strict=True):
        for name, value in expected.items():
            assert row[NAMES.index(name)] == pytest.approx(value, rel=1e-3, abs=1e-4), name


@given(seen_lists, delays_s, st.randoms(use_true_random=False))
def test_two_orders_of_arrival_end_in_the_same_state(seen, delay_s, chance):
    shuffled = list(seen)
    chance.shuffle(shuffled)
    one = state_of(seen, delay_s).table.get(b"cards\0terminal-1")
    other = state_of(shuffled, delay_s).table.get(b"cards\0terminal-1")
    for name in one.dtype.names:
        assert one[name] == pytest.approx(other[name], rel=1e-9, abs=1e-12), name


@given(seen_lists, st.lists(st.integers(1, 6), max_size=10))
def test_batch_cuts_change_no_bit(seen, cuts):
    seen = [Seen(one.at_s, one.amount, one.fraud_delta, f"t-{at % 3}") for at, one in enumerate(seen)]
    whole, cut = CounterpartyState(), CounterpartyState()
    expected = observe(whole, a_counterparty_batch(seen))
    parts, start = [], 0
    for size in [*cuts, len(seen)]:
        if chosen := seen[start : start + size]:
            parts.append(observe(cut, a_counterparty_batch(chosen)))
        start += size
    assert np.concatenate(parts).tobytes() == expected.tobytes()
    assert sorted(cut.drain_changes()) == sorted(whole.drain_changes())


def test_risk_updates_give_zeros():
    rows = observe(CounterpartyState(), a_counterparty_batch([Seen(), Seen(fraud_delta=1.0)]))
    assert rows[0].any()
    assert not rows[1].any()


def test_where_all_due_events_are_frauds_the_rate_lacks_one_only_by_the_prior():
    frauds = [Seen(hour * 3600.0) for hour in range(0, 240, 2)]
    learnt = [Seen(one.at_s, fraud_delta=1.0) for one in frauds]
    rows = observe(CounterpartyState(), a_counterparty_batch([*frauds, *learnt, Seen(17 * DAY_S)]))
    due = np.exp(of("counterparty_frauds_30d", rows)[-1]) - 1e-4
    assert of("counterparty_risk_30d", rows)[-1] == pytest.approx(due / (due + 0.3), rel=1e-5)


def test_events_whose_labels_are_not_due_do_not_thin_the_risk():
    old, fresh = [Seen(0.0), Seen(0.0, fraud_delta=1.0)], [Seen(6 * DAY_S + hour * 3600.0) for hour in range(20)]
    alone = observe(CounterpartyState(), a_counterparty_batch([*old, Seen(7.5 * DAY_S)]))
    among = observe(CounterpartyState(), a_counterparty_batch([*old, *fresh, Seen(7.5 * DAY_S)]))
    assert of("counterparty_risk_7d", alone)[-1] == pytest.approx(of("counterparty_risk_7d", among)[-1], rel=1e-6)


def test_a_withdrawn_fraud_leaves_no_risk():
    seen = [Seen(0.0), Seen(0.0, fraud_delta=1.0), Seen(0.0, fraud_delta=-1.0), Seen(8 * DAY_S)]
    rows = observe(CounterpartyState(), a_counterparty_batch(seen))
    assert of("counterparty_risk_30d", rows)[-1] == 0


def test_a_fraud_learnt_before_any_event_is_kept():
    rows = observe(CounterpartyState(), a_counterparty_batch([Seen(0.0, fraud_delta=1.0), Seen(8 * DAY_S)]))
    assert of("counterparty_risk_30d", rows)[-1] > 0.5


def test_another_label_delay_keeps_the_counts_and_frauds():
    state = state_of([Seen(hour * 3600.0) for hour in range(48)])
    rows = observe(state, a_counterparty_batch([Seen(3 * DAY_S)], delay_s=DAY_S))
    assert of("counterparty_count_30d", rows)[0] == pytest.approx(np.log1p(49 * 0.96), rel=0.02)
    assert np.isfinite(rows).all()


def test_a_delay_of_years_stays_finite():
    rows = observe(
        CounterpartyState(),
        a_counterparty_batch([Seen(0.0), Seen(0.0, fraud_delta=1.0), Seen(4000 * DAY_S)], delay_s=3000 * DAY_S),
    )
    assert np.isfinite(rows).all()


@given(seen_lists)
def test_a_restored_state_goes_on_to_the_bit(seen):
    first, second = state_of(seen), CounterpartyState()
    second.restore(first.drain_changes())
    later = a_counterparty_batch([Seen(41 * DAY_S)])
    assert observe(first, later).tobytes() == observe(second, later).tobytes()


def test_round_amounts_of_seven_days_are_told_beside_one_event_without_zeros():
    seen = [Seen(0.0, 50.0), Seen(0.0, 50.0, fraud_delta=1.0), Seen(7 * DAY_S, 12.34), Seen(7 * DAY_S, 20.0)]
    rows = observe(CounterpartyState(), a_counterparty_batch(seen))
    assert of("counterparty_zeros_7d", rows) == pytest.approx([3 / 2, 0, 1.5 / 2.5, 4.5 / 3.5])


def test_columns_of_the_kernel_are_those_of_the_specification():
    columns = {
        "counterparty_count_1h": counterparty_kernel.COUNT,
        "counterparty_mean_30d": counterparty_kernel.MEAN,
        "amount_vs_counterparty_mean": counterparty_kernel.VS_MEAN,
        "since_counterparty_last": counterparty_kernel.SINCE_LAST,
        "counterparty_risk_1d": counterparty_kernel.RISK,
        "counterparty_frauds_1d": counterparty_kernel.FRAUDS,
        "counterparty_zeros_7d": counterparty_kernel.ZEROS,
    }
    assert {name: NAMES[column] for name, column in columns.items()} == {name: name for name in columns}
    assert len(NAMES) == COUNTERPARTY_WIDTH


def test_a_counterparty_takes_at_most_256_bytes():
    assert counterparty_kernel.COUNTERPARTY_ROW.itemsize <= 256

"""What a subject's state says of its next event."""

from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.features import subject_kernel
from stream.features.recent_ids import RecentIds
from stream.features.specification import PAYMENTS
from stream.features.subject import SubjectState, profile
from stream.features.subject_row import SUBJECT_ROW
from tests.builders.event_batches import DAY_S, Payment, a_batch
from tests.unit.features.window_oracle import hours_of, subject_features

payments = st.lists(
    st.builds(
        Payment,
        at_s=st.floats(0, 60 * DAY_S, allow_nan=False),
        amount=st.floats(0.01, 1e5, allow_nan=False),
        counterparty=st.sampled_from(["a", "b", "c"]),
    ),
    min_size=1,
    max_size=25,
)


def of(name, rows):
    return rows[:, PAYMENTS.names.index(name)]


def features_of(*given_payments):
    return profile(SubjectState(), a_batch(given_payments))[0]


@given(payments)
def test_windows_equal_the_slow_oracle_in_any_order_of_arrival(arrived):
    rows, _ = profile(SubjectState(), a_batch(arrived))
    for row, expected in zip(rows, subject_features(arrived), strict=True):
        for name, value in expected.items():
            tolerance = 2e-3 if name.endswith("spread") else 1e-4
            assert row[PAYMENTS.names.index(name)] == pytest.approx(value, rel=tolerance, abs=tolerance), name


@given(payments, st.lists(st.integers(1, 6), max_size=10))
def test_batch_cuts_change_no_bit(arrived, cuts):
    subjects = [f"card-{at % 3}" for at in range(len(arrived))]
    events = [
        Payment(one.at_s, one.amount, f"id-{at}", subjects[at], one.counterparty) for at, one in enumerate(arrived)
    ]
    whole, cut = SubjectState(), SubjectState()
    expected, _ = profile(whole, a_batch(events))
    parts, start = [], 0
    for size in [*cuts, len(events)]:
        if chosen := events[start : start + size]:
            parts.append(profile(cut, a_batch(chosen))[0])
        start += size
    assert np.concatenate(parts).tobytes() == expected.tobytes()
    assert sorted(cut.drain_changes()) == sorted(whole.drain_changes())


@given(payments)
def test_a_restored_state_goes_on_to_the_bit(arrived):
    first = SubjectState()
    profile(first, a_batch(arrived))
    second = SubjectState()
    assert second.restore(first.drain_changes()) == 2
    later = a_batch([Payment(61 * DAY_S, 20.0, "later")])
    assert profile(first, later)[0].tobytes() == profile(second, later)[0].tobytes()


def test_a_repeated_event_id_changes_nothing_and_gives_zeros():
    state = SubjectState()
    profile(state, a_batch([Payment(0.0, 10.0, "one"), Payment(1.0, 20.0, "two")]))
    state.drain_changes()
    rows, repeats = profile(state, a_batch([Payment(2.0, 99.0, "one"), Payment(3.0, 5.0, "three")]))
    assert repeats.tolist() == [True, False]
    assert not rows[0].any()
    assert of("subject_count_30d", rows)[1] == pytest.approx(np.log1p(3.0), rel=1e-4)


def test_a_batch_of_repeats_alone_drains_nothing():
    state = SubjectState()
    batch = a_batch([Payment(event_id="one")])
    profile(state, batch)
    state.drain_changes()
    profile(state, batch)
    assert state.drain_changes() == []


def test_a_subjects_last_sixteen_ids_outlast_the_partitions_memory():
    state = SubjectState()
    state.recent_ids = RecentIds(blocks=1, block=4)
    profile(state, a_batch([Payment(float(at), 1.0, f"id-{at}") for at in range(17)]))
    profile(state, a_batch([Payment(18.0, 1.0, f"id-{at}", "another card") for at in range(8)]))
    _, repeats = profile(state, a_batch([Payment(20.0, 1.0, "id-1"), Payment(21.0, 1.0, "id-0")]))
    assert repeats.tolist() == [True, False]


def a_busy_cards_hour():
    return a_batch([Payment(float(at), 1.0 + at, f"id-{at}") for at in range(300)])


def test_a_producer_that_sends_an_hour_of_a_busy_subject_again_changes_nothing():
    state = SubjectState()
    profile(state, a_busy_cards_hour())
    state.drain_changes()
    rows, repeats = profile(state, a_busy_cards_hour())
    assert repeats.all()
    assert not rows.any()
    assert state.drain_changes() == []


def test_a_restart_remembers_what_a_producer_sends_again():
    first, second = SubjectState(), SubjectState()
    profile(first, a_busy_cards_hour())
    second.restore(first.drain_changes())
    assert profile(second, a_busy_cards_hour())[1].all()


def test_new_events_among_repeats_are_profiled_as_if_alone():
    state, expected = SubjectState(), SubjectState()
    first = [Payment(0.0, 10.0, "one"), Payment(1.0, 20.0, "two", "card-2")]
    new = [Payment(2.0, 5.0, "three", "card-2", place=3), Payment(3.0, 7.0, "four", place=4)]
    profile(state, a_batch(first))
    profile(expected, a_batch(first))
    rows, repeats = profile(state, a_batch([first[0], new[0], first[1], new[1], new[0]]))
    assert repeats.tolist() == [True, False, True, False, True]
    assert rows[[1, 3]].tobytes() == profile(expected, a_batch(new))[0].tobytes()


def test_a_repeat_brings_back_no_subject_that_was_dropped():
    state = SubjectState(max_entities=1)
    profile(state, a_batch([Payment(0.0, event_id="one", subject="card-1")]))
    profile(state, a_batch([Payment(1.0, event_id="two", subject="card-2")]))
    _, repeats = profile(state, a_batch([Payment(2.0, event_id="one", subject="card-1")]))
    assert repeats.tolist() == [True]
    assert state.table.get(b"cards\0card-1") is None


def test_the_same_id_of_another_subject_is_no_repeat():
    _, repeats = profile(
        SubjectState(), a_batch([Payment(event_id="x", subject="a"), Payment(event_id="x", subject="b")])
    )
    assert not repeats.any()


def test_a_counterparty_is_new_until_met_and_again_after_eight_others():
    names = ["a", "a", *[f"other-{at}" for at in range(8)], "a"]
    rows = features_of(*[Payment(float(at), counterparty=name) for at, name in enumerate(names)])
    assert of("pair_new", rows).tolist() == [1, 0, *[1] * 8, 1]


def test_instrument_and_place_changes_need_both_to_be_known():
    rows = features_of(
        Payment(0, instrument=1, place=0),
        Payment(1, instrument=2, place=5),
        Payment(2, instrument=0, place=6),
        Payment(3, instrument=2, place=6),
    )
    assert of("instrument_changed", rows).tolist() == [0, 1, 0, 0]
    assert of("place_changed", rows).tolist() == [0, 0, 1, 0]


def test_paris_to_london_in_an_hour_has_its_distance_and_speed():
    rows = features_of(
        Payment(0, latitude=48.8566, longitude=2.3522), Payment(3600, latitude=51.5074, longitude=-0.1278)
    )
    assert exp(of("distance", rows)[1]) - 1 == pytest.approx(343.5, rel=0.01)
    assert exp(of("speed", rows)[1]) - 1 == pytest.approx(343.5, rel=0.01)
    assert of("distance", rows)[0] == 0


def test_time_since_the_last_event_is_told_in_hours():
    assert hours_of(of("since_own_last", features_of(Payment(0), Payment(7200)))[1]) == pytest.approx(2.0, rel=1e-4)


def test_a_late_event_does_not_move_the_last_place():
    rows = features_of(Payment(100, place=1), Payment(50, place=2), Payment(200, place=1))
    assert of("place_changed", rows).tolist() == [0, 1, 0]


def test_the_calendar_is_utc():
    rows = features_of(Payment(6 * 3600), Payment(5 * DAY_S))
    assert of("hour_sin", rows)[0] == pytest.approx(1.0)
    assert of("weekend", rows).tolist() == [0, 1]


def test_refunds_and_nothing_paid_stay_finite():
    rows = features_of(Payment(0, -50.0), Payment(1, 0.0), Payment(2, 0.0, "x"), Payment(9e9, 1e12))
    assert np.isfinite(rows).all()


def test_columns_of_the_kernel_are_those_of_the_specification():
    columns = {
        "log_amount": subject_kernel.LOG_AMOUNT,
        "hour_sin": subject_kernel.HOUR_SIN,
        "hour_cos": subject_kernel.HOUR_COS,
        "weekend": subject_kernel.WEEKEND,
        "subject_count_1h": subject_kernel.COUNT,
        "subject_mean_1d": subject_kernel.MEAN,
        "subject_mean_drift": subject_kernel.MEAN_DRIFT,
        "amount_vs_own_mean": subject_kernel.VS_MEAN,
        "amount_vs_own_spread": subject_kernel.VS_SPREAD,
        "log_amount_vs_own_spread": subject_kernel.VS_LOG_SPREAD,
        "subject_large_1d": subject_kernel.LARGE,
        "since_own_last": subject_kernel.SINCE_LAST,
        "pair_new": subject_kernel.PAIR_NEW,
        "instrument_changed": subject_kernel.INSTRUMENT_CHANGED,
        "place_changed": subject_kernel.PLACE_CHANGED,
        "distance": subject_kernel.DISTANCE,
        "speed": subject_kernel.SPEED,
    }
    assert {name: PAYMENTS.names[column] for name, column in columns.items()} == {name: name for name in columns}
    assert max(columns.values()) == PAYMENTS.profiled_width - 1


def test_a_subject_takes_at_most_256_bytes():
    assert SUBJECT_ROW.itemsize <= 256

"""What a subject's state says of its next event."""

from dataclasses import replace
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
from tests.builders.event_batches import DAY_S, START_S, Payment, a_batch
from tests.unit.features.window_oracle import hours_of, subject_features

payments = st.lists(
    st.builds(
        Payment,
        at_s=st.floats(0, 60 * DAY_S, allow_nan=False),
        amount=st.floats(0.01, 1e5, allow_nan=False),
        counterparty=st.sampled_from(["a", "b", "c"]),
        instrument=st.sampled_from([0, 1, 2, 3, 4]),
        latitude=st.sampled_from([float("nan"), 48.8, -40.0]),
        longitude=st.sampled_from([float("nan"), 2.3, 179.0, -179.0]),
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
    events = [replace(one, event_id=f"id-{at}", subject=subjects[at]) for at, one in enumerate(arrived)]
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
    later = a_batch([Payment(61 * DAY_S, 20.0, "later", counterparty="a", instrument=1, latitude=1.0, longitude=1.0)])
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


def test_a_subjects_last_eight_ids_outlast_the_partitions_memory():
    state = SubjectState()
    state.recent_ids = RecentIds(blocks=1, block=4)
    profile(state, a_batch([Payment(float(at), 1.0, f"id-{at}") for at in range(9)]))
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


HOUR_S = 3600.0
QUARTER_S = DAY_S / 4


def hours_in(name, rows):
    return np.expm1(of(name, rows)).round(3).tolist()


def test_an_instruments_age_is_counted_from_when_it_was_first_used_and_forgotten_after_three_others():
    used = [(0, 1), (5, 2), (9, 1), (30, 3), (31, 4), (32, 2), (33, 1)]
    rows = features_of(*[Payment(hours * HOUR_S, instrument=one) for hours, one in used])
    assert hours_in("instrument_age", rows) == [0, 0, 9, 0, 0, 0, 0]
    again = features_of(*[Payment(hours * HOUR_S, instrument=one) for hours, one in [(0, 1), (2, 2), (3, 3), (99, 1)]])
    assert hours_in("instrument_age", again)[-1] == 99


def test_an_unnamed_instrument_is_as_old_as_can_be_and_changes_nothing():
    rows = features_of(Payment(0, instrument=1), Payment(HOUR_S), Payment(2 * HOUR_S, instrument=1))
    assert hours_in("instrument_age", rows) == [0, 90 * 24, 2]
    assert not of("instrument_changed", rows).any()


def test_a_late_event_leaves_instruments_as_they_were():
    rows = features_of(Payment(9 * HOUR_S, instrument=1), Payment(0, instrument=2), Payment(10 * HOUR_S, instrument=1))
    assert of("instrument_changed", rows).tolist() == [0, 1, 0]
    assert hours_in("instrument_age", rows) == [0, 0, 1]


def test_a_pair_is_told_by_when_it_met_and_how_often_since():
    met = [(0, "a"), (3, "b"), (24, "a"), (25, "b"), (26, "c"), (48, "a")]
    rows = features_of(*[Payment(hours * HOUR_S, counterparty=name) for hours, name in met])
    assert hours_in("since_pair_met", rows) == [0, 0, 24, 22, 0, 48]
    assert hours_in("pair_events", rows) == [0, 0, 1, 1, 0, 2]


def test_a_pairs_events_are_counted_no_further_than_a_byte_holds_and_its_age_to_ninety_days():
    rows = features_of(*[Payment(at * HOUR_S) for at in range(300)], Payment(400 * DAY_S))
    assert hours_in("pair_events", rows)[-2:] == [255, 255]
    assert hours_in("since_pair_met", rows)[-2:] == [299, 90 * 24]


def test_ages_outlive_the_turn_of_their_clock_and_are_nothing_where_time_runs_back():
    around_s = 65_536 * HOUR_S - START_S % (65_536 * HOUR_S)
    rows = features_of(
        Payment(around_s - HOUR_S, instrument=1),
        Payment(around_s + HOUR_S, instrument=1),
        Payment(around_s - DAY_S, instrument=1),
    )
    assert hours_in("instrument_age", rows) == [0, 2, 0]
    assert hours_in("since_pair_met", rows) == [0, 2, 0]


def test_home_is_where_most_events_were():
    at_home = [Payment(at * DAY_S, latitude=48.8566, longitude=2.3522) for at in range(20)]
    rows = features_of(*at_home, Payment(20 * DAY_S, latitude=51.5074, longitude=-0.1278), at_home[0])
    distances = np.expm1(of("distance_from_home", rows))
    assert distances[:20] == pytest.approx(0, abs=0.1)
    assert distances[20] == pytest.approx(343.5, rel=0.01)
    # One trip moves a home of a month by a fraction of its length.
    assert 5 < distances[21] < 30


def test_home_moves_across_the_date_line_the_short_way():
    rows = features_of(*[Payment(at * DAY_S, latitude=0.0, longitude=(179.9, -179.9)[at % 2]) for at in range(9)])
    assert np.expm1(of("distance_from_home", rows)).max() < 23


def test_events_without_a_place_leave_home_where_it_was():
    paris = {"latitude": 48.8566, "longitude": 2.3522}
    rows = features_of(Payment(0, **paris), Payment(1), Payment(2, **paris))
    assert of("distance_from_home", rows) == pytest.approx(0, abs=1e-3)


def test_a_place_without_its_longitude_is_no_place():
    paris = {"latitude": 48.8566, "longitude": 2.3522}
    rows = features_of(
        Payment(0, **paris), Payment(1, latitude=10.0), Payment(2, **paris), Payment(3, latitude=-40.0, longitude=170.0)
    )
    distances = np.expm1(of("distance_from_home", rows))
    assert distances[:3] == pytest.approx(0, abs=0.1)
    assert distances[3] > 10_000


def test_home_counts_places_not_events():
    nowhere = [Payment(float(at)) for at in range(60)]
    rows = features_of(
        *nowhere,
        Payment(61, latitude=-40.0, longitude=170.0),
        *[Payment(70.0 + at, latitude=48.8, longitude=2.3) for at in range(20)],
    )
    assert np.expm1(of("distance_from_home", rows))[-1] < 1_500


def test_what_is_known_for_years_never_is_new_again():
    rows = features_of(*[Payment(month * 30 * DAY_S, instrument=1) for month in range(100)])
    for name in ("instrument_age", "since_pair_met"):
        assert hours_in(name, rows)[3:] == [90 * 24] * 97


def test_a_busy_subjects_hour_is_told_as_well_as_a_quiet_ones():
    rows = features_of(*[Payment(12 * HOUR_S + at * 0.1, 1.0, f"id-{at}") for at in range(20_000)])
    assert of("unusual_hour", rows)[-1] == pytest.approx(-1, abs=0.01)


def test_an_hour_is_unusual_that_lies_opposite_to_those_before():
    noons = [Payment(at * DAY_S + 2 * QUARTER_S) for at in range(10)]
    rows = features_of(*noons, Payment(10 * DAY_S), Payment(11 * DAY_S + QUARTER_S))
    unusual = of("unusual_hour", rows)
    assert unusual[0] == 0
    assert (np.diff(unusual[:10]) < 0).all()
    assert -1 < unusual[9] < -0.8
    assert 0.8 < unusual[10] < 1
    assert abs(unusual[11]) < 0.2


@pytest.mark.parametrize(
    ("amount", "zeros"),
    [(12.34, 0), (12.5, 1), (12, 2), (50, 3), (-1200, 4), (1e6, 6), (1e9, 6), (0, 0), (1e15, 0), (0.1, 1), (0.29, 0)],
)
def test_a_round_amount_ends_in_zeros_cents_counted(amount, zeros):
    assert of("amount_zeros", features_of(Payment(amount=amount))).tolist() == [zeros]


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
        "instrument_age": subject_kernel.INSTRUMENT_AGE,
        "since_pair_met": subject_kernel.SINCE_PAIR_MET,
        "pair_events": subject_kernel.PAIR_EVENTS,
        "distance_from_home": subject_kernel.FROM_HOME,
        "unusual_hour": subject_kernel.UNUSUAL_HOUR,
        "amount_zeros": subject_kernel.AMOUNT_ZEROS,
    }
    assert {name: PAYMENTS.names[column] for name, column in columns.items()} == {name: name for name in columns}
    assert max(columns.values()) == PAYMENTS.profiled_width - 1


def test_a_subject_takes_at_most_256_bytes():
    assert SUBJECT_ROW.itemsize <= 256

import numpy as np
import pytest

from stream.backtest.judged_weeks import DAY_S, WEEK_S, judged_weeks

MONDAY_S = 1_522_627_200.0


def times(days):
    """Two events a day."""
    return MONDAY_S + np.arange(2 * days) * DAY_S / 2


def starts(judged):
    return [(one - MONDAY_S) / DAY_S for one in judged.starts]


def test_the_weeks_after_training_are_judged_and_none_is_in_sample():
    judged = judged_weeks(times(35), None, MONDAY_S + 14 * DAY_S)
    assert starts(judged) == [14, 21, 28]
    assert judged.in_sample == judged.too_short == ""


@pytest.mark.parametrize("until_days", [29, 35, 400])
def test_where_no_full_week_is_left_after_training_all_are_judged_and_it_is_said(until_days):
    judged = judged_weeks(times(35), None, MONDAY_S + until_days * DAY_S)
    assert starts(judged) == [14, 21, 28]
    assert "no full week is left after 20" in judged.in_sample


def test_weeks_that_are_asked_for_are_judged_and_said_to_be_in_sample_where_training_saw_them():
    until_s = MONDAY_S + 21 * DAY_S
    before, after = (judged_weeks(times(35), one, until_s) for one in (until_s - WEEK_S, until_s))
    assert (starts(before), starts(after)) == ([14, 21, 28], [21, 28])
    assert "--weeks-from 2018-04-16 is before 2018-04-23" in before.in_sample
    assert after.in_sample == ""


@pytest.mark.parametrize("weeks_from_s", [None, MONDAY_S + 21 * DAY_S])
def test_an_initialisation_that_does_not_say_until_when_it_saw_labels_may_have_seen_them_all(weeks_from_s):
    assert "does not say until when" in judged_weeks(times(35), weeks_from_s, None).in_sample


def test_a_history_too_short_for_a_week_says_so_and_covers_its_events():
    judged = judged_weeks(times(10), None, None)
    assert judged.starts == ()
    assert "2018-04-02 to 2018-04-11" in judged.too_short
    assert judged.covers(times(10)).all()


def test_a_history_that_begins_after_training_is_not_in_sample_however_short():
    judged = judged_weeks(times(5), None, MONDAY_S - 30 * DAY_S)
    assert judged.starts == ()
    assert judged.in_sample == ""
    assert judged.too_short


def test_no_week_begins_before_the_first_day():
    assert starts(judged_weeks(times(17), None, MONDAY_S - 30 * DAY_S)) == [3, 10]


def test_where_no_week_that_was_asked_for_is_full_its_events_alone_are_covered():
    from_s = MONDAY_S + 31 * DAY_S
    judged = judged_weeks(times(35), from_s, MONDAY_S)
    assert judged.starts == ()
    assert "--weeks-from 2018-05-03" in judged.too_short
    assert judged.covers(times(35)).tolist() == (times(35) >= from_s).tolist()

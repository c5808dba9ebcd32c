"""Who is believed: roots judge, nobody vouches for himself, names cost nothing and earn nothing."""

import pytest

from stream.adaptation.rate_limit import RateLimit
from stream.adaptation.source_standing import MOST_SOURCES, OTHERS, SourceStanding

DAY_S = 86_400.0


def heard(*sources, named=(), at_s=0.0):
    standing = SourceStanding(named, DAY_S)
    for source in sources:
        standing.hear(source, at_s)
    return standing


def judged(standing, judge, source, agreed=0, against=0, verdict="fraud", at_s=0.0, *, echo=False):
    for agrees in [True] * agreed + [False] * against:
        standing.compare(judge, source, verdict, at_s, agrees=agrees, echo=echo and agrees)
    return standing.standing(source, verdict)


def test_sources_of_the_lines_first_day_of_labels_are_founders_and_later_ones_are_new():
    standing = heard("first")
    standing.hear("second", DAY_S)
    standing.hear("late", DAY_S + 1)
    assert [standing.standing(one, "fraud") for one in ("first", "second", "late")] == ["founder", "founder", "new"]


def test_where_sources_are_named_none_is_a_founder():
    standing = heard("first", "analyst", named=["analyst"])
    assert (standing.standing("first", "fraud"), standing.standing("analyst", "fraud")) == ("new", "named")


@pytest.mark.parametrize("judge", ["new", "other"])
def test_no_source_vouches_for_itself_and_new_ones_vouch_for_nobody(judge):
    standing = heard("new", "other", named=["analyst"])
    assert judged(standing, judge, "new", agreed=100) == "new"
    assert standing.weight("new", "fraud") == 0.5


def test_a_source_earns_its_standing_by_being_right_before_a_root_was_and_for_that_verdict_alone():
    standing = heard("new", named=["analyst"])
    assert judged(standing, "analyst", "new", agreed=7) == "new"
    assert judged(standing, "analyst", "new", agreed=1) == "earned"
    assert standing.standing("new", "genuine") == "new"
    assert standing.weight("new", "fraud") == 0.9
    assert not standing.is_root("new")


def test_an_echo_earns_nothing_and_speaks_against_distrust():
    standing = heard("new", named=["analyst"])
    assert judged(standing, "analyst", "new", agreed=50, echo=True) == "new"
    assert judged(standing, "analyst", "new", against=5) == "new"
    assert judged(heard("new", named=["analyst"]), "analyst", "new", against=3) == "distrusted"


def test_who_is_wrong_three_times_in_ten_is_distrusted_and_who_is_wrong_once_in_fifty_is_not():
    assert judged(heard("new", named=["analyst"]), "analyst", "new", agreed=7, against=3) == "distrusted"
    assert judged(heard("new", named=["analyst"]), "analyst", "new", agreed=49, against=1) == "earned"


def test_a_source_that_had_earned_its_standing_loses_it():
    standing = heard("new", named=["analyst"])
    assert judged(standing, "analyst", "new", agreed=20) == "earned"
    assert judged(standing, "analyst", "new", against=3) == "earned"
    assert judged(standing, "analyst", "new", against=3) == "new"
    assert judged(standing, "analyst", "new", against=2) == "distrusted"


def test_a_founder_falls_by_the_word_of_two_others_and_not_of_one():
    standing = heard("a", "b", "c")
    assert judged(standing, "b", "a", agreed=7, against=5) == "founder"
    assert judged(standing, "c", "a", agreed=7, against=5) == "distrusted"
    assert not standing.is_root("a")


def test_a_named_source_stays_whatever_others_say():
    standing = heard("a", named=["a", "b", "c"])
    assert judged(standing, "b", "a", against=9) == judged(standing, "c", "a", against=9) == "named"


def test_a_refused_source_is_never_believed_and_judges_nobody():
    standing = SourceStanding(["analyst", "portal"], DAY_S, ["portal"])
    standing.hear("new", 0.0)
    assert standing.standing("portal", "fraud") == "distrusted"
    assert judged(standing, "analyst", "portal", agreed=99) == "distrusted"
    assert judged(standing, "portal", "new", agreed=99) == "new"
    assert standing.counts() == {"named": 1, "founder": 0, "earned": 0, "new": 1, "distrusted": 1}


def test_old_agreement_counts_less():
    standing = heard("new", named=["analyst"])
    judged(standing, "analyst", "new", agreed=8)
    before = standing.weight("new", "fraud")
    judged(standing, "analyst", "new", against=1, at_s=0.0)
    later = heard("new", named=["analyst"])
    judged(later, "analyst", "new", agreed=8)
    judged(later, "analyst", "new", against=1, at_s=90 * DAY_S)
    assert later.weight("new", "fraud") == 5 / 7 < standing.weight("new", "fraud") < before


def test_names_beyond_the_most_share_one_that_stays_new():
    standing = heard(*(f"s{at}" for at in range(MOST_SOURCES)), named=["analyst"])
    assert standing.hear("one more", 0.0) == OTHERS
    assert standing.hear("analyst", 0.0) == "analyst"
    assert judged(standing, "analyst", OTHERS, agreed=99) == "new"


def test_a_rate_limit_lets_a_days_worth_through_at_once_and_refills_with_event_time():
    limit = RateLimit(4.0)
    assert [limit.take(0.0) for _ in range(5)] == [True] * 4 + [False]
    assert [limit.take(DAY_S / 2) for _ in range(3)] == [True, True, False]
    assert sum(limit.take(100 * DAY_S) for _ in range(9)) == 4

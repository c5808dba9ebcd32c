"""Which labels teach, whoever speaks first, and what is said of those that do not."""

from hypothesis import given
from hypothesis import strategies as st

from stream.adaptation.label_ledger import LabelLedger, LedgerPolicy
from tests.builders.labelled_examples import NOON_S, an_example

DAY_S = 86_400.0


def a_ledger(**changed):
    policy = {
        "named": ("analyst",), "founding_s": DAY_S, "labels_per_day": 100.0, "new_share": 0.1, "most_frauds": 500,
        "most_genuine": 2_000, "most_events": 1_000,
    }  # fmt: skip
    return LabelLedger(LedgerPolicy(**(policy | changed)))


class Taught:
    """What a buffer would hold that follows a ledger's rulings."""

    def __init__(self, ledger=None):
        self.ledger = ledger or a_ledger()
        self.held = {}
        self.moment = 0

    def say(self, event_id, kind="fraud", source="analyst", at_s=NOON_S, after_s=None):
        self.moment += 1
        labelled_at_s = NOON_S + (self.moment if after_s is None else after_s)
        rulings, withheld = self.ledger.take(
            an_example(event_id, kind, source=source, labelled_at_s=labelled_at_s), at_s
        )
        for ruling in rulings:
            if ruling.example.kind == "withdrawn":
                self.held.pop(ruling.example.event_id, None)
            else:
                self.held[ruling.example.event_id] = (ruling.example.kind, ruling.stands)
        return [(one.source, one.reason) for one in withheld]


def test_what_a_source_that_stands_says_is_taught_and_its_newest_word_counts():
    taught = Taught()
    assert taught.say("e1") == []
    taught.say("e1", "genuine", after_s=5)
    taught.say("e1", "fraud", after_s=1)
    assert taught.held == {"e1": ("genuine", True)}


def test_what_a_new_source_says_against_one_that_stands_is_withheld_whoever_speaks_first():
    for order in (["analyst", "portal"], ["portal", "analyst"]):
        taught = Taught()
        told = [
            one for source in order for one in taught.say("e1", "fraud" if source == "analyst" else "genuine", source)
        ]
        assert taught.held == {"e1": ("fraud", True)}
        assert told == ([("portal", "contradicted")] if order[0] == "analyst" else [])


def test_new_sources_together_teach_at_most_their_share_and_one_label_at_least():
    taught = Taught()
    assert taught.say("n0", source="p0") == []
    assert taught.say("n1", source="p1") == [("p1", "new_source")]
    for at in range(40):
        taught.say(f"e{at}")
    told = [taught.say(f"m{at}", source=f"q{at}") for at in range(10)]
    assert sum(not one for one in told) == 3
    assert sum(not stands for _, stands in taught.held.values()) == 4


def test_a_share_is_of_what_a_buffer_can_hold():
    taught = Taught(a_ledger(most_frauds=20, labels_per_day=1e6))
    for at in range(100):
        taught.say(f"e{at}")
    for at in range(10):
        taught.say(f"n{at}", source="portal")
    assert sum(not stands for _, stands in taught.held.values()) == 2


def test_when_a_source_earns_its_standing_what_it_said_before_is_taught():
    taught = Taught()
    for at in range(9):
        taught.say(f"e{at}", source="portal")
    assert len(taught.held) == 1
    for at in range(8):
        taught.say(f"e{at}")
    assert taught.held == {f"e{at}": ("fraud", True) for at in range(9)}


def test_when_a_source_is_distrusted_what_it_had_taught_is_forgotten_and_no_more_is_heard():
    taught = Taught(a_ledger(new_share=1.0))
    for at in range(6):
        taught.say(f"e{at}")
    for at in range(4):
        taught.say(f"n{at}", source="portal")
    assert ("fraud", False) in taught.held.values()
    for at in range(3):
        taught.say(f"n{at}", "genuine")
    assert "n3" not in taught.held
    assert taught.say("n9", source="portal") == [("portal", "distrusted")]


def test_labels_above_the_rate_are_withheld_and_new_sources_have_one_allowance_together():
    taught = Taught(a_ledger(labels_per_day=5.0, new_share=1.0))
    told = [taught.say(f"e{at}") for at in range(7)]
    assert told[5:] == [[("analyst", "rate_limit")]] * 2
    told = [one for at in range(12) for one in taught.say(f"n{at}", source=f"portal-{at % 4}")]
    assert sum(reason == "rate_limit" for _, reason in told) == 7
    assert taught.ledger.withheld["analyst", "rate_limit"] == 2


def test_many_genuine_labels_leave_frauds_their_own_allowance_and_a_source_may_always_correct_itself():
    taught = Taught(a_ledger(labels_per_day=5.0))
    for at in range(20):
        taught.say(f"g{at}", "genuine")
    assert taught.say("f1", "fraud") == []
    assert taught.say("g1", "fraud") == []
    assert taught.say("f1", "genuine") == []
    assert taught.held["f1"] == ("genuine", True)


def test_a_withdrawal_reaches_the_buffer_after_the_event_was_forgotten_here():
    taught = Taught(a_ledger(most_events=3))
    for at in range(5):
        taught.say(f"e{at}")
    taught.say("e0", "withdrawn")
    assert "e0" not in taught.held
    taught.say("e1", "withdrawn", source="portal")
    assert "e1" in taught.held


def test_a_source_takes_back_its_own_word_and_no_other():
    taught = Taught()
    taught.say("e1")
    taught.say("e1", "withdrawn", source="portal")
    assert taught.held == {"e1": ("fraud", True)}
    taught.say("e1", "withdrawn")
    assert taught.held == {}


def test_of_sources_that_stand_the_many_outweigh_the_one_and_of_two_the_newer_counts():
    taught = Taught(a_ledger(named=("a", "b", "c")))
    taught.say("e1", "fraud", "a")
    taught.say("e1", "genuine", "b")
    assert taught.held["e1"] == ("genuine", True)
    taught.say("e1", "fraud", "c", after_s=0)
    assert taught.held["e1"] == ("fraud", True)


said = st.tuples(
    st.sampled_from([f"e{at}" for at in range(6)]),
    st.sampled_from(["fraud", "genuine", "withdrawn"]),
    st.sampled_from(["analyst", "portal", "other"]),
)


@given(st.lists(said, max_size=80))
def test_the_same_words_in_the_same_order_teach_the_same_and_counts_fit_what_is_taught(words):
    first, again = Taught(), Taught()
    for word in words:
        assert first.say(*word) == again.say(*word)
    assert list(first.held.items()) == list(again.held.items())
    ruled = {event: (one.example.kind, one.stands) for event, one in first.ledger._ruled.items()}
    assert ruled == first.held
    analysts = {event: kind for event, kind, source in words if source == "analyst"}
    for event, kind in analysts.items():
        if kind != "withdrawn":
            assert first.held[event] == (kind, True)


def test_only_so_many_events_are_remembered():
    taught = Taught(a_ledger(most_events=10, labels_per_day=1e6))
    for at in range(50):
        taught.say(f"e{at}")
    assert len(taught.ledger._words) == len(taught.ledger._ruled) == 10
    assert taught.ledger._held["fraud", True] == 10

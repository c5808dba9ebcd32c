"""The label in force: the newest word wins, in whatever order the words come."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.adaptation.label_state import LabelEntry, LabelState, fraud_delta, settle
from stream.events.label_horizons import LabelHorizons

DAY_S = 86_400.0


def an_entry(label: str = "fraud", labelled_at_s: float = 100.0, **changed: object) -> LabelEntry:
    fields: dict[str, object] = {
        "label": label,
        "reverses": False,
        "labelled_at_s": labelled_at_s,
        "source": "analyst",
        "produced_at_ms": 0,
        "pending": False,
        "expires_at_s": 1e9,
    }
    return LabelEntry(**(fields | changed))  # type: ignore[arg-type]


entries = st.builds(
    an_entry,
    label=st.sampled_from(["fraud", "genuine"]),
    labelled_at_s=st.integers(0, 30).map(float),
    reverses=st.booleans(),
)


def _run(said: list[LabelEntry]) -> tuple[LabelEntry | None, int]:
    known: LabelEntry | None = None
    deltas = 0
    for new in said:
        if settle(known, new) in ("applied", "confirmed"):
            deltas += fraud_delta("none" if known is None else known.verdict, new.verdict)
            known = new
    return known, deltas


@given(st.lists(entries, min_size=1, max_size=12, unique_by=lambda entry: entry.labelled_at_s), st.randoms())
def test_any_order_with_repeats_ends_at_the_newest_word(said: list[LabelEntry], chance: object) -> None:
    shuffled = said + said[:3]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    known, _ = _run(shuffled)
    assert known is not None
    assert known.verdict == max(said, key=lambda entry: entry.labelled_at_s).verdict


@given(st.lists(entries, min_size=1, max_size=12))
def test_risk_deltas_sum_to_one_exactly_while_the_label_in_force_is_fraud(said: list[LabelEntry]) -> None:
    known, deltas = _run(said)
    assert known is not None
    assert deltas == (known.verdict == "fraud")


@given(st.lists(entries, min_size=1, max_size=12))
def test_a_tie_goes_to_the_later_arrival(said: list[LabelEntry]) -> None:
    tied = [an_entry(entry.label, 5.0, reverses=entry.reverses) for entry in said]
    known, _ = _run(tied)
    assert known is not None
    assert known.verdict == tied[-1].verdict


@pytest.mark.parametrize(
    ("new", "settlement"),
    [
        (an_entry("fraud", 100.0), "duplicate"),
        (an_entry("fraud", 100.0, source="chargeback"), "confirmed"),
        (an_entry("fraud", 101.0), "confirmed"),
        (an_entry("genuine", 99.0), "older"),
        (an_entry("genuine", 100.0), "applied"),
        (an_entry("fraud", 101.0, reverses=True), "applied"),
    ],
)
def test_a_new_word_is_settled_against_what_is_known(new: LabelEntry, settlement: str) -> None:
    assert settle(an_entry("fraud", 100.0), new) == settlement


def test_a_restored_state_equals_the_one_that_wrote_the_changelog() -> None:
    state = LabelState(LabelHorizons(DAY_S))
    changelog: list[tuple[bytes, bytes | None]] = []
    for i in range(20):
        state.observe(["cards"], [i * DAY_S / 4])
        state.put("cards", f"e{i % 7}", an_entry(labelled_at_s=float(i), expires_at_s=i * DAY_S / 4 + DAY_S))
        state.expire("cards")
        changelog += state.drain_changes()
    state.drop("cards", "e6")
    changelog += state.drain_changes()
    restored = LabelState(LabelHorizons(DAY_S))
    assert restored.restore(changelog) == len(changelog)
    assert restored._entries == state._entries
    assert restored.clock("cards") == state.clock("cards")
    assert restored.drain_changes() == []


def test_only_what_changed_is_drained() -> None:
    state = LabelState(LabelHorizons(DAY_S))
    state.put("cards", "e1", an_entry())
    assert [key for key, _ in state.drain_changes()] == [b"cards\0e1"]
    assert state.drain_changes() == []
    state.drop("cards", "e1")
    assert state.drain_changes() == [(b"cards\0e1", None)]


def test_the_clock_is_written_when_a_minute_of_event_time_has_passed() -> None:
    state = LabelState(LabelHorizons(DAY_S))
    keys = []
    for second in range(0, 180, 10):
        state.observe(["cards"], [float(second)])
        keys.append(len(state.drain_changes()))
    assert sum(keys) == 3


def test_labels_leave_when_the_horizon_has_passed_and_only_the_unmet_are_told() -> None:
    state = LabelState(LabelHorizons(DAY_S))
    state.put("cards", "met", an_entry(expires_at_s=DAY_S))
    state.put("cards", "unmet", an_entry(expires_at_s=DAY_S, pending=True))
    state.put("cards", "moved", an_entry(expires_at_s=DAY_S, pending=True))
    state.put("cards", "moved", an_entry(expires_at_s=3 * DAY_S, pending=True))
    state.observe(["cards"], [DAY_S])
    assert state.expire("cards") == []
    state.observe(["cards"], [DAY_S + 1])
    assert [event_id for event_id, _ in state.expire("cards")] == ["unmet"]
    assert state.entry("cards", "met") is None
    assert state.entry("cards", "moved") is not None


def test_other_lines_time_expires_nothing() -> None:
    state = LabelState(LabelHorizons(DAY_S))
    state.put("cards", "e1", an_entry(expires_at_s=0.0, pending=True))
    state.observe(["loans"], [9 * DAY_S])
    assert state.expire("cards") == []
    assert state.expire("loans") == []


def test_the_rate_of_a_steady_line_is_estimated_within_a_few_per_cent() -> None:
    state = LabelState(LabelHorizons(DAY_S))
    times = [hour * 360.0 for hour in range(24 * 10 * 4)]
    assert all(later > earlier for earlier, later in pairwise(times))
    rates = state.observe(["cards"] * len(times), times)
    assert rates.events_per_day[-1] == pytest.approx(240, rel=0.05)
    assert rates.seen.tolist() == list(range(1, len(times) + 1))


def test_lines_are_counted_apart_and_the_same_however_their_events_are_cut() -> None:
    chance = np.random.default_rng(0)
    lines = chance.choice(["cards", "loans", "wallets"], 500).tolist()
    times = (np.sort(chance.uniform(0, 9 * DAY_S, 500)) + chance.normal(0, 3_600.0, 500)).tolist()
    whole, cut = LabelState(LabelHorizons(DAY_S)), LabelState(LabelHorizons(DAY_S))
    at_once = whole.observe(lines, times)
    one_by_one = [cut.observe([line], [time]) for line, time in zip(lines, times, strict=True)]
    assert at_once.seen.tolist() == [one.seen[0] for one in one_by_one]
    assert at_once.events_per_day.tolist() == [one.events_per_day[0] for one in one_by_one]
    for line in ("cards", "loans", "wallets"):
        own = [time for name, time in zip(lines, times, strict=True) if name == line]
        clock = whole.clock(line)
        assert clock == cut.clock(line)
        assert (clock.watermark_s, clock.started_at_s, clock.seen) == (max(own), min(own), len(own))
        decayed = sum(2.0 ** ((time - max(own)) / DAY_S) for time in own)
        assert clock.decayed == pytest.approx(decayed)


def test_labels_written_before_alerts_were_kept_are_still_read() -> None:
    state = LabelState(LabelHorizons(DAY_S))
    written = msgspec.msgpack.encode(list(msgspec.structs.astuple(an_entry()))[:-1])
    assert state.restore([(b"cards\0e1", written)]) == 1
    assert state.entry("cards", "e1") == an_entry(alerted=False)

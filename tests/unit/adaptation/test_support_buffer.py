"""The support buffer: each event once, the gate's share never taught."""

from hypothesis import given
from hypothesis import strategies as st

from stream.adaptation.labelled_example import LabelledExample
from stream.adaptation.support_buffer import (
    LEAST_FRAUDS_TO_RESERVE,
    BufferLimits,
    Held,
    SupportBuffer,
    rows_of,
    sample_recent,
)
from stream.adaptation.support_sample import draw, generator_for
from tests.builders.labelled_examples import FEATURE_HASH, NOON_S, an_example, as_bytes

DAY_S = 86_400.0


def a_buffer(**changed: float) -> SupportBuffer:
    limits = {"frauds": 512, "genuine": 4096, "gate_share": 0.25, "label_delay_s": 7 * DAY_S}
    return SupportBuffer(BufferLimits(**(limits | changed)), FEATURE_HASH)  # type: ignore[arg-type]


def folded(buffer: SupportBuffer, examples: list[LabelledExample]) -> SupportBuffer:
    for example in examples:
        buffer.fold(example)
    return buffer


def ids(held: list[Held]) -> list[str]:
    return [one.example.event_id for one in held]


kinds = st.sampled_from(["fraud", "genuine", "withdrawn", "background"])


@given(st.lists(st.tuples(st.integers(0, 8).map(str), kinds), max_size=60))
def test_each_event_is_held_once_under_the_last_word_said_of_it(said: list[tuple[str, str]]) -> None:
    buffer = folded(a_buffer(), [an_example(event_id, kind) for event_id, kind in said])
    labels = {event_id: kind for event_id, kind in said if kind != "background"}
    frauds = ids(buffer.frauds()) + ids(buffer.frauds(reserved=True))
    genuine = ids(buffer.genuine()) + ids(buffer.genuine(reserved=True))
    background = ids(buffer.background()) + ids(buffer.background(reserved=True))
    assert sorted(frauds) == sorted(one for one, kind in labels.items() if kind == "fraud")
    assert sorted(genuine) == sorted(one for one, kind in labels.items() if kind == "genuine")
    everything = frauds + genuine + background
    assert len(everything) == len(set(everything))


def test_a_buffer_folded_again_from_the_start_is_the_same() -> None:
    examples = [an_example(f"e{i % 90}", ("fraud", "background", "genuine")[i % 3]) for i in range(200)]
    first, second = folded(a_buffer(), examples), folded(a_buffer(), examples)
    assert ids(first.frauds()) == ids(second.frauds())
    assert ids(first.background(reserved=True)) == ids(second.background(reserved=True))


def test_the_first_frauds_are_all_taught_and_later_ones_shared_with_the_gate() -> None:
    buffer = folded(a_buffer(), [an_example(f"f{i}") for i in range(400)])
    reserved = ids(buffer.frauds(reserved=True))
    assert not {f"f{i}" for i in range(LEAST_FRAUDS_TO_RESERVE)} & set(reserved)
    assert 0.15 < len(reserved) / 400 < 0.35
    assert not set(reserved) & set(ids(buffer.frauds()))


def test_a_label_that_flips_stays_on_its_side() -> None:
    buffer = folded(a_buffer(), [an_example(f"f{i}") for i in range(100)])
    taught, reserved = ids(buffer.frauds()), ids(buffer.frauds(reserved=True))
    folded(buffer, [an_example(f"f{i}", "genuine") for i in range(100)])
    assert ids(buffer.genuine()) == taught
    assert ids(buffer.genuine(reserved=True)) == reserved


def test_the_most_recently_learnt_frauds_are_kept() -> None:
    buffer = folded(a_buffer(frauds=10, gate_share=0.0), [an_example(f"f{i}") for i in range(25)])
    assert ids(buffer.frauds()) == [f"f{i}" for i in range(15, 25)]


def test_presumed_genuine_is_background_older_than_the_label_delay() -> None:
    old = [an_example(f"old{i}", "background") for i in range(600)]
    young = [an_example(f"young{i}", "background", occurred_at_s=NOON_S + 7.5 * DAY_S) for i in range(50)]
    buffer = folded(a_buffer(), old + young + [an_example("old0"), an_example("old1", "genuine")])
    presumed = ids(buffer.presumed_genuine()) + ids(buffer.presumed_genuine(reserved=True))
    assert sorted(presumed) == sorted(f"old{i}" for i in range(2, 600))


def test_younger_background_stands_in_until_there_is_enough() -> None:
    buffer = folded(a_buffer(), [an_example(f"b{i}", "background") for i in range(40)])
    assert ids(buffer.presumed_genuine()) == ids(buffer.background())


def test_vectors_of_another_feature_specification_are_passed_over() -> None:
    buffer = folded(a_buffer(), [an_example("e1", feature_hash="older")])
    assert buffer.frauds() == []
    assert buffer.folded == 1


def test_changes_count_what_came_or_went_and_not_the_gates() -> None:
    buffer = folded(a_buffer(gate_share=0.0), [an_example("f1"), an_example("g1", "genuine"), an_example("f2")])
    assert buffer.changes_since(1) == 2
    folded(buffer, [an_example("f1", "withdrawn"), an_example("never", "withdrawn"), an_example("b", "background")])
    assert buffer.changes_since(3) == 1
    assert folded(a_buffer(gate_share=1.0), [an_example(f"f{i}") for i in range(9)]).changes_since(0) == 4


def test_prevalence_counts_the_events_that_a_background_row_stands_for() -> None:
    background = [an_example(f"b{i}", "background", share=0.01) for i in range(990)]
    buffer = folded(a_buffer(), background + [an_example(f"f{i}") for i in range(99)])
    assert 0.0009 < buffer.prevalence() < 0.0011


def test_a_sample_takes_all_frauds_and_fills_up_with_presumed_genuine() -> None:
    examples = [an_example(f"f{i}") for i in range(3)]
    examples += [an_example(f"g{i}", "genuine") for i in range(80)]
    examples += [an_example(f"b{i}", "background") for i in range(300)]
    sample = draw(folded(a_buffer(), examples), 100, generator_for("cards", 2))
    assert (len(sample.frauds), len(sample.genuine), len(sample.presumed)) == (3, 50, 50)
    assert sample.labels().tolist() == [1.0] * 3 + [0.0] * 100
    assert sample.features(3).shape == (103, 3)


def test_a_draw_is_the_same_for_the_same_line_and_version_only() -> None:
    held = [Held(an_example(f"b{i}", "background"), i, NOON_S, False) for i in range(500)]
    first = ids(sample_recent(held, 50, DAY_S, generator_for("cards", 2)))
    assert first == ids(sample_recent(held, 50, DAY_S, generator_for("cards", 2)))
    assert first != ids(sample_recent(held, 50, DAY_S, generator_for("cards", 3)))


def test_recent_events_are_drawn_more_often() -> None:
    held = [Held(an_example(f"b{i}", occurred_at_s=NOON_S + i * DAY_S), i, NOON_S, False) for i in range(100)]
    drawn = sample_recent(held, 20, 10 * DAY_S, generator_for("cards", 1))
    assert sum(one.learnt_at >= 70 for one in drawn) >= 12


def test_rows_keep_their_order_and_their_bits() -> None:
    rows = [[0.5, -1.0, 3.25], [7.0, 0.1, -0.0]]
    held = [Held(an_example(str(i), features=as_bytes(row)), i, NOON_S, False) for i, row in enumerate(rows)]
    assert rows_of(held, 3).tobytes() == as_bytes(rows)
    assert rows_of([], 3).shape == (0, 3)

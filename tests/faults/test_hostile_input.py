"""A short form of `make hostile`: the same run over a few thousand records."""

from tests.faults.hostile_input import run

MOST_PEAK_MB = 512


def test_no_hostile_record_ends_a_step_is_scored_wrongly_or_changes_a_good_events_score():
    figures = run(4_000, seed=1, by_hypothesis=300, huge_every=400)
    assert figures["wrong"] == []
    assert figures["hostile"] == 4_800
    assert figures["dead_lettered_or_refused"] + figures["valid_and_taken"] == 4_800
    assert figures["valid_and_taken"] > 300
    assert figures["good_events_scored_as_alone"] > 350
    assert figures["good_documents_scored_as_alone"] > 100
    assert figures["log_lines"] > 50
    assert figures["grown_mb"] < MOST_PEAK_MB

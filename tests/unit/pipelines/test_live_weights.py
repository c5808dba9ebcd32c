"""Weights that arrive: kept, refused, waited for, and booked once when they go live."""

import asyncio

import pytest

from stream.errors import WeightsRefusedError
from stream.events.enriched_event import WeightsActivation, decode
from stream.features.specification import PAYMENTS
from stream.metrics import Metrics
from stream.pipelines.live_weights import Activation, LiveWeights, activate, delete, publish, split_key, stored_weights
from stream.scoring.line_scorers import LineScorers
from tests.builders.weights import some_weights, weights_of_the_specification


def a_follower():
    scorers, metrics = LineScorers(weights_of_the_specification(line="", version=0)), Metrics()
    return LiveWeights(scorers, PAYMENTS.hash, metrics), scorers, metrics


def refused(metrics, reason):
    return metrics.registry.get_sample_value("foreshot_weights_refused_total", {"reason": reason})


def test_weights_are_kept_by_line_and_version_until_they_are_deleted():
    live, scorers, _ = a_follower()
    record = publish(weights_of_the_specification(line="cards", version=3))
    live.take(record.key, record.value)
    assert scorers.find("cards", 3).manifest.version == 3
    forgotten = delete("cards", 3)
    live.take(forgotten.key, forgotten.value)
    assert scorers.find("cards", 3) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda value: value[:-3], "unreadable"),
        (lambda value: value[:-1] + bytes([value[-1] ^ 1]), "digest"),
        (lambda _: b"rubbish", "unreadable"),
        (lambda _: some_weights(feature_hash="others").to_bytes(), "feature_hash"),
        (lambda _: weights_of_the_specification(line="cards", version=4).to_bytes(), "key"),
        (lambda _: weights_of_the_specification(line="wallets", version=3).to_bytes(), "key"),
    ],
)
def test_weights_that_do_not_fit_are_refused_counted_and_score_nothing(change, reason):
    live, scorers, metrics = a_follower()
    record = publish(weights_of_the_specification(line="cards", version=3))
    live.take(record.key, change(record.value))
    assert scorers.find("cards", 3) is None
    assert refused(metrics, reason) == 1


def taken(live, *records):
    for record in records:
        live.take(record.key, record.value)


def version(number, line="cards", **manifest):
    return publish(weights_of_the_specification(line=line, version=number, **manifest))


def test_an_old_version_that_comes_again_is_refused_and_the_newest_goes_on_scoring():
    live, scorers, metrics = a_follower()
    old = version(2)
    taken(live, old, version(3), delete("cards", 2), version(5), old, version(4), version(1))
    assert refused(metrics, "replay") == 3
    assert scorers.find("cards", 2) is scorers.find("cards", 4) is scorers.find("cards", 1) is None
    assert scorers.find("cards", 5).manifest.version == 5


def test_a_version_read_twice_is_taken_once_and_with_other_content_refused():
    live, scorers, metrics = a_follower()
    taken(live, version(3), version(3))
    assert refused(metrics, "replay") is None
    held = scorers.find("cards", 3)
    taken(live, version(3, support_frauds=6))
    assert refused(metrics, "replay") == 1
    assert scorers.find("cards", 3) is held


def test_a_restart_takes_what_compaction_left_and_then_refuses_what_is_older():
    old, *kept = [version(number) for number in (2, 3, 5, 6)]
    live, scorers, metrics = a_follower()
    taken(live, *kept, old)
    assert [scorers.find("cards", number) is not None for number in (2, 3, 5, 6)] == [False, True, True, True]
    assert refused(metrics, "replay") == 1


def test_a_rollback_needs_no_version_anew_so_the_kept_one_is_still_there():
    live, scorers, _ = a_follower()
    taken(live, version(3), version(4), *activate("cards", Activation(3, "ana", "worse", "2026-01-01"), 1)[:1])
    asyncio.run(live.arrived("cards", 3))
    assert scorers.find("cards", 3).manifest.version == 3


def test_versions_are_counted_by_line_and_on_over_initialisations():
    live, scorers, metrics = a_follower()
    taken(live, version(5), version(1, line="wallets"), version(6, initialisation="anew"))
    assert refused(metrics, "replay") is None
    assert scorers.find("wallets", 1) is not None
    taken(live, version(2, initialisation="anew"), version(3, initialisation="former"))
    assert refused(metrics, "replay") == 2
    assert scorers.find("cards", 2) is scorers.find("cards", 3) is None


@pytest.mark.parametrize("text", ["03", "٣", "+3", "3 ", "9" * 5_000, "-1", "1_0"])
def test_a_version_is_written_in_one_way_alone(text):
    live, scorers, metrics = a_follower()
    record = version(3)
    taken(live, record)
    live.take(f"cards\0{text}".encode(), None)
    live.take(f"cards\0{text}".encode(), record.value)
    assert scorers.find("cards", 3) is not None
    assert split_key(f"cards\0{text}".encode()) == ("cards", None)
    assert refused(metrics, "replay") is None


def test_weights_of_another_lines_key_are_refused_by_whoever_reads_them():
    record = publish(weights_of_the_specification(line="cards", version=3))
    with pytest.raises(WeightsRefusedError, match="version 3 of line cards"):
        stored_weights(b"wallets\x003", record.value, PAYMENTS.hash)


def test_a_swap_waits_for_weights_that_are_a_moment_behind_and_for_no_others():
    scorers = LineScorers(weights_of_the_specification(line="", version=0))
    record = publish(weights_of_the_specification(line="cards", version=1))
    waits = []

    async def caught_up():
        waits.append(scorers.find("cards", 1))
        live.take(record.key, record.value)

    live = LiveWeights(scorers, PAYMENTS.hash, Metrics(), caught_up)
    asyncio.run(live.arrived("cards", 1))
    assert waits == [None]
    assert scorers.find("cards", 1) is not None
    asyncio.run(live.arrived("cards", 1))
    asyncio.run(live.arrived("cards", 0))
    assert len(waits) == 1


def test_a_swap_goes_on_without_weights_that_were_refused_or_deleted():
    live, scorers, _ = a_follower()
    live.take(b"cards\x002", b"rubbish")
    asyncio.run(live.arrived("cards", 1))
    asyncio.run(live.arrived("cards", 2))
    assert scorers.find("cards", 1) is scorers.find("cards", 2) is None


def test_weights_made_anew_from_the_same_labels_make_none_of_them_live():
    live, _, _ = a_follower()
    for version, parent in ((1, 0), (2, 1)):
        weights = weights_of_the_specification(
            line="cards", version=version, parent_version=parent, newest_label_produced_at_ms=1_000
        )
        record = publish(weights)
        live.take(record.key, record.value)
        asyncio.run(live.arrived("cards", version))
    assert live.went_live("cards", 2) is None


def test_a_label_is_booked_live_once_by_the_first_event_of_the_version_it_taught():
    live, _, _ = a_follower()
    for version in (1, 2):
        weights = weights_of_the_specification(
            line="cards", version=version, newest_label_produced_at_ms=1_000 * version
        )
        record = publish(weights)
        live.take(record.key, record.value)
        asyncio.run(live.arrived("cards", version))
    assert live.went_live("cards", 1) is None
    assert live.went_live("cards", 2) == 2.0
    assert live.went_live("cards", 2) is None


def test_an_activation_reaches_every_scoring_partition_and_the_pointer():
    pointer, *swaps = activate("cards", Activation(3, "operator", "test", "2026-01-01", 5.0), partitions=4)
    assert (pointer.topic, pointer.key, pointer.partition) == ("line-weights", b"cards", 0)
    assert [swap.partition for swap in swaps] == [0, 1, 2, 3]
    assert {one for swap in swaps for one in decode(swap.value)} == {WeightsActivation("cards", 3, 5.0)}

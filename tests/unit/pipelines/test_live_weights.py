"""Weights that arrive: kept, refused, waited for, and booked once when they go live."""

import asyncio

import pytest

from stream.errors import WeightsRefusedError
from stream.events.enriched_event import WeightsActivation, decode
from stream.features.specification import feature_hash
from stream.metrics import Metrics
from stream.pipelines.live_weights import Activation, LiveWeights, activate, delete, publish, stored_weights
from stream.scoring.line_scorers import LineScorers
from tests.builders.weights import some_weights, weights_of_the_specification


def a_follower():
    scorers, metrics = LineScorers(weights_of_the_specification(line="", version=0)), Metrics()
    return LiveWeights(scorers, feature_hash(), metrics), scorers, metrics


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


def test_weights_of_another_lines_key_are_refused_by_whoever_reads_them():
    record = publish(weights_of_the_specification(line="cards", version=3))
    with pytest.raises(WeightsRefusedError, match="version 3 of line cards"):
        stored_weights(b"wallets\x003", record.value, feature_hash())


def test_a_swap_waits_for_weights_that_are_a_moment_behind_and_for_no_others():
    scorers = LineScorers(weights_of_the_specification(line="", version=0))
    record = publish(weights_of_the_specification(line="cards", version=1))
    waits = []

    async def caught_up():
        waits.append(scorers.find("cards", 1))
        live.take(record.key, record.value)

    live = LiveWeights(scorers, feature_hash(), Metrics(), caught_up)
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
    assert {decode(swap.value) for swap in swaps} == {WeightsActivation("cards", 3, 5.0)}

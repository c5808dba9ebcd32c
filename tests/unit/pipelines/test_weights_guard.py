"""Records of `line-weights` that nobody trusted signed go no further, and are counted and said."""

import logging

import pytest

from stream.metrics import Metrics
from stream.pipelines.effects import Outgoing
from stream.pipelines.live_weights import Activation, activate, delete, publish, signed
from stream.pipelines.weights_guard import WeightsGuard
from stream.scoring.signature import Trust, new_signer
from tests.builders.weights import weights_of_the_specification

SIGNER = new_signer()
PUBLISHED = publish(weights_of_the_specification(line="cards", version=3))


def a_guard(trust):
    metrics = Metrics()
    return WeightsGuard(trust, metrics), metrics


def refused(metrics, reason="signature"):
    return metrics.registry.get_sample_value("foreshot_weights_refused_total", {"reason": reason}) or 0


def admits(guard, record):
    return guard.admits(record.key, record.value, record.headers)


def test_what_the_learner_signs_is_admitted_weights_deletions_and_pointers_alike():
    guard, metrics = a_guard(Trust([SIGNER.public]))
    pointer, *swaps = activate("cards", Activation(3, "learner", "test", "2026-01-01"), partitions=2)
    records = signed([PUBLISHED, delete("cards", 2), pointer], SIGNER)
    assert all(admits(guard, one) for one in records)
    assert refused(metrics) == 0
    # Elsewhere there is nothing to sign.
    assert signed(swaps, SIGNER) == swaps
    assert signed([PUBLISHED], None) == [PUBLISHED]


@pytest.mark.parametrize(
    "record",
    [
        PUBLISHED,
        delete("cards", 3),
        Outgoing(PUBLISHED.topic, b"cards\x004", PUBLISHED.value, 0, signed([PUBLISHED], SIGNER)[0].headers),
        Outgoing(PUBLISHED.topic, PUBLISHED.key, PUBLISHED.value, 0, signed([PUBLISHED], new_signer())[0].headers),
    ],
)
def test_an_attackers_record_is_refused_counted_and_said_in_one_line(record, caplog):
    guard, metrics = a_guard(Trust([SIGNER.public]))
    with caplog.at_level(logging.ERROR):
        assert not admits(guard, record)
    assert refused(metrics) == 1
    (line,) = caplog.messages
    assert "the former weights go on scoring" in line
    assert "\0" not in line
    assert "\n" not in line


@pytest.mark.parametrize("key", [None, b"x" * 129])
def test_a_key_that_no_line_has_is_refused_with_or_without_trust(key):
    for trust in (Trust(), Trust([SIGNER.public])):
        guard, metrics = a_guard(trust)
        assert not guard.admits(key, b"x", ())
        assert refused(metrics, "key") == 1


def test_without_trusted_keys_everything_is_admitted():
    guard, _ = a_guard(Trust())
    assert admits(guard, PUBLISHED)
    assert admits(guard, signed([PUBLISHED], SIGNER)[0])

"""The trigger: each reason at its time, and nothing twice."""

import numpy as np
import pytest

from stream.adaptation.drift import ScoreDrift
from stream.adaptation.support_buffer import BufferLimits, SupportBuffer
from stream.adaptation.trigger import LEAST_BACKGROUND, Attempt, TriggerPolicy, due
from tests.builders.labelled_examples import FEATURE_HASH, NOON_S, an_example

DAY_S = 86_400.0
POLICY = TriggerPolicy(
    min_new_frauds=1, min_new_labels=20, growth=0.1, max_age_s=7 * DAY_S, drift=True, enough_background=4096
)


def a_buffer(background: int = 0) -> SupportBuffer:
    buffer = SupportBuffer(BufferLimits(512, 4096, 0.0, 0.0), FEATURE_HASH)
    for i in range(background):
        buffer.fold(an_example(f"b{i}", "background"))
    return buffer


def attempt(buffer: SupportBuffer, initialisation: str = "init") -> Attempt:
    return Attempt(buffer.folded, buffer.background_count(), buffer.watermark_s, initialisation, 1)


def why(buffer: SupportBuffer, last: Attempt | None, *, drifted: bool = False, init: str = "init") -> str | None:
    return due(POLICY, buffer, last, init, drifted=drifted)


def test_a_line_waits_for_enough_background_before_its_first_weights() -> None:
    assert why(a_buffer(LEAST_BACKGROUND - 1), None) is None
    assert why(a_buffer(LEAST_BACKGROUND), None) == "background"


def test_nothing_is_due_right_after_an_attempt() -> None:
    buffer = a_buffer(LEAST_BACKGROUND)
    buffer.fold(an_example("f1"))
    assert why(buffer, attempt(buffer)) is None


def test_the_first_fraud_is_reason_enough() -> None:
    buffer = a_buffer(LEAST_BACKGROUND)
    last = attempt(buffer)
    buffer.fold(an_example("f1"))
    assert why(buffer, last) == "frauds"


@pytest.mark.parametrize(("known", "needed"), [(1, 1), (10, 1), (20, 2), (100, 10)])
def test_the_more_frauds_are_known_the_more_new_ones_it_takes(known: int, needed: int) -> None:
    buffer = a_buffer(LEAST_BACKGROUND)
    for i in range(known):
        buffer.fold(an_example(f"f{i}"))
    last = attempt(buffer)
    for i in range(needed):
        assert why(buffer, last) is None
        buffer.fold(an_example(f"new{i}"))
    assert why(buffer, last) == "frauds"


def test_genuine_labels_and_withdrawals_count_as_labels() -> None:
    buffer = a_buffer(LEAST_BACKGROUND)
    for i in range(10):
        buffer.fold(an_example(f"f{i}"))
    last = attempt(buffer)
    for i in range(10):
        buffer.fold(an_example(f"f{i}", "withdrawn"))
    for i in range(9):
        buffer.fold(an_example(f"g{i}", "genuine"))
    assert why(buffer, last) is None
    buffer.fold(an_example("g9", "genuine"))
    assert why(buffer, last) == "labels"


def test_age_counts_in_event_time_and_needs_a_new_label() -> None:
    buffer = a_buffer(LEAST_BACKGROUND)
    last = attempt(buffer)
    buffer.fold(an_example("later", "background", occurred_at_s=NOON_S + 8 * DAY_S))
    assert why(buffer, last) is None
    buffer.fold(an_example("g1", "genuine"))
    assert why(buffer, last) == "age"


def test_drift_and_a_new_initialisation_are_reasons_of_their_own() -> None:
    buffer = a_buffer(LEAST_BACKGROUND)
    assert why(buffer, attempt(buffer), drifted=True) == "drift"
    assert why(buffer, attempt(buffer, "older")) == "initialisation"


def test_background_is_a_reason_again_at_each_doubling_until_there_is_enough() -> None:
    first = a_buffer(LEAST_BACKGROUND)
    assert why(a_buffer(2 * LEAST_BACKGROUND - 1), attempt(first)) is None
    assert why(a_buffer(2 * LEAST_BACKGROUND), attempt(first)) == "background"
    enough = a_buffer(4096)
    assert why(a_buffer(8192), attempt(enough)) is None


def test_drift_is_noticed_when_scores_move_and_not_while_they_do_not() -> None:
    generator = np.random.default_rng(1)
    drift = ScoreDrift()
    for score in generator.beta(1, 50, 3000):
        drift.observe(float(score), 1)
    assert not drift.detected
    for score in generator.beta(5, 50, 1000):
        drift.observe(float(score), 1)
    assert drift.detected
    drift.acknowledge()
    assert not drift.detected


def test_scores_of_new_weights_are_no_drift() -> None:
    generator = np.random.default_rng(1)
    drift = ScoreDrift()
    for version, b in ((1, 50), (2, 5)):
        for score in generator.beta(1, b, 1000):
            drift.observe(float(score), version)
    assert not drift.detected


def test_scores_at_the_ends_are_taken() -> None:
    drift = ScoreDrift()
    drift.observe(0.0, 1)
    drift.observe(1.0, 1)
    assert not drift.detected

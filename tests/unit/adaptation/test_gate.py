"""The gate's judgement on scores alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.adaptation.gate import TOO_FEW_LABELS, can_judge, check_sanity, judge, later_figures
from stream.adaptation.paired_ranking import JudgedRows, compare, genuine_below_frauds, precision_at_frauds


def rows(generator: np.random.Generator, ours: float, theirs: float, older: int = 8, newer: int = 8) -> JudgedRows:
    """Return rows whose frauds each side scores so many standard deviations above the genuine."""
    frauds, genuine = older + newer, 1000
    fraud = np.arange(frauds + genuine) < frauds
    noise = generator.normal(size=(2, frauds + genuine))
    newest = np.arange(frauds + genuine) < newer
    return JudgedRows(noise[0] + ours * fraud, noise[1] + theirs * fraud, fraud, newest)


scored = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=40).filter(
    lambda pairs: {flag for _, flag in pairs} == {True, False}
)


@given(scored)
def test_per_fraud_figures_average_to_their_definitions(pairs: list[tuple[int, bool]]) -> None:
    scores = np.array([score for score, _ in pairs], float)
    fraud = np.array([flag for _, flag in pairs])
    precision = [fraud[scores >= own].mean() for own in scores[fraud]]
    assert precision_at_frauds(scores, fraud).tolist() == pytest.approx(precision)
    below = [((scores[~fraud] < own) + 0.5 * (scores[~fraud] == own)).mean() for own in scores[fraud]]
    assert genuine_below_frauds(scores, fraud).tolist() == pytest.approx(below)


def test_a_candidate_equal_to_the_current_is_accepted() -> None:
    same = rows(np.random.default_rng(0), 2, 2)
    verdict = judge([JudgedRows(same.current, same.current, same.fraud, same.newer)], 0.02, "held-back labels")
    assert verdict.accepted
    assert verdict.figures["average_precision_change"] == 0.0


def test_a_clearly_worse_candidate_is_refused_with_its_figures() -> None:
    verdict = judge([rows(np.random.default_rng(0), 0, 4)], 0.02, "held-back labels")
    assert not verdict.accepted
    assert "fell from" in verdict.reason
    assert verdict.figures["average_precision_candidate"] < verdict.figures["average_precision_current"]


@pytest.mark.parametrize("seed", range(10))
def test_a_clearly_better_candidate_is_accepted(seed: int) -> None:
    assert judge([rows(np.random.default_rng(seed), 4, 1)], 0.02, "held-back labels").accepted


def test_most_candidates_that_are_level_with_the_current_are_accepted() -> None:
    verdicts = [judge([rows(np.random.default_rng(seed), 3, 3)], 0.02, "held-back labels") for seed in range(60)]
    assert sum(verdict.accepted for verdict in verdicts) >= 40


def test_a_flood_of_new_labels_cannot_outvote_the_older_ones() -> None:
    generator = np.random.default_rng(3)
    fraud = np.arange(1205) < 205
    newer = np.arange(1205) < 200
    candidate, current = generator.normal(size=(2, 1205))
    candidate[:200] += 1.0
    current[200:205] += 4.0
    verdict = judge([JudgedRows(candidate, current, fraud, newer)], 0.02, "held-back labels")
    assert not verdict.accepted


def test_folds_are_ranked_apart_and_judged_together() -> None:
    generator = np.random.default_rng(4)
    one, two = rows(generator, 3, 3, 2, 0), rows(generator, 3, 3, 2, 0)
    shifted = JudgedRows(two.candidate + 100, two.current - 100, two.fraud, two.newer)
    together = compare([one, two], precision_at_frauds)
    assert compare([one, shifted], precision_at_frauds) == together


@pytest.mark.parametrize(
    ("older", "newer", "taught", "enough"),
    [
        (3, 0, 5, True),
        (3, 9, 5, True),
        (2, 9, 5, False),
        (0, 3, 0, True),
        (0, 2, 0, False),
        # Whoever is new and held back alone must not judge what is known already.
        (0, 3, 4, False),
    ],
)
def test_held_back_labels_judge_only_when_enough_of_them_are_older(
    older: int, newer: int, taught: int, enough: bool
) -> None:
    fraud = np.ones(older + newer, np.bool_)
    assert can_judge(fraud, np.arange(older + newer) < newer, taught) is enough


def test_what_newer_labels_gain_for_themselves_is_no_answer_to_what_they_cost_the_older() -> None:
    generator = np.random.default_rng(8)
    fraud, newer = np.arange(1040) < 40, np.arange(1040) < 20
    candidate, current = generator.normal(size=(2, 1040))
    candidate[:20] += 4.0
    candidate[20:40] += 1.5
    current[20:40] += 2.5
    verdict = judge([JudgedRows(candidate, current, fraud, newer)], 0.02, "held-back labels")
    assert verdict.figures["average_precision_change"] > 0
    assert not verdict.accepted
    assert "older frauds" in verdict.reason


def test_where_little_is_found_a_small_fall_is_a_large_one() -> None:
    generator = np.random.default_rng(9)
    fraud = np.arange(20_200) < 200
    noise = generator.normal(size=20_200)
    rows = JudgedRows(noise + 0.2 * fraud, noise + 0.8 * fraud, fraud, np.zeros(20_200, np.bool_))
    verdict = judge([rows], 0.02, "held-back labels")
    assert -0.05 < verdict.figures["average_precision_change"] < -0.005
    assert not verdict.accepted


def test_sound_scores_pass_for_want_of_labels() -> None:
    generator = np.random.default_rng(5)
    verdict = check_sanity(generator.random(500), generator.random(500))
    assert verdict.accepted
    assert verdict.reason == TOO_FEW_LABELS


def test_scores_that_are_not_finite_are_refused() -> None:
    assert not check_sanity(np.array([0.1, np.nan]), np.array([0.1, 0.2])).accepted


def test_scores_that_are_all_alike_are_refused() -> None:
    assert not check_sanity(np.full(100, 0.5), np.linspace(0, 1, 100)).accepted


def test_scores_that_put_the_background_over_the_old_threshold_are_refused() -> None:
    current = np.linspace(0, 0.1, 500)
    verdict = check_sanity(current + 0.5, current)
    assert not verdict.accepted
    assert verdict.figures["background_over_old_threshold"] == 1.0


def test_later_frauds_are_reported_apart() -> None:
    judged = rows(np.random.default_rng(6), 3, 2)
    later = np.zeros(len(judged.fraud), np.bool_)
    assert later_figures(judged, later) == {}
    later[:2] = True
    assert later_figures(judged, later)["later_frauds"] == 2.0

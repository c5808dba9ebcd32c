"""Scores of a line's raw rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies

from stream.features.specification import PAYMENTS
from stream.scoring.line_scorers import scorer_of
from stream.scoring.network_forward import forward, network_of
from tests.builders.weights import some_weights, weights_arrays, weights_of_the_specification

any_rows = numpy_strategies.arrays(np.float32, (4, 3), elements=st.floats(width=32))


def sound(values):
    return bool(((values >= 0) & (values <= 1)).all())


@given(any_rows)
def test_whatever_the_features_scores_and_anomalies_lie_within_0_and_1(features):
    scores = scorer_of(some_weights()).score(features)
    assert sound(scores.score)
    assert sound(scores.anomaly)


@pytest.mark.parametrize("magnitude", [1e15, -1e15, 1e-15])
def test_whatever_weights_pass_the_check_scores_lie_within_0_and_1(magnitude):
    extreme = {name: np.full(one.shape, magnitude) for name, one in weights_arrays().items() if name[0] in "la"}
    weights = some_weights(extreme | {"calibration.slope": np.array([abs(magnitude)])})
    features = np.random.default_rng(0).normal(0, 100, (50, 3)).astype(np.float32)
    scores = scorer_of(type(weights).from_bytes(weights.to_bytes(), weights.manifest.feature_hash)).score(features)
    assert sound(scores.score)
    assert sound(scores.anomaly)


def test_an_unknown_value_counts_as_the_lines_mean():
    mean = some_weights().arrays["standardise.mean"]
    scorer = scorer_of(some_weights())
    unknown, known = np.array([[9.0, np.nan, 3.0], [9.0, mean[1], 3.0]], np.float32)
    scores = scorer.score(np.vstack([unknown, known]))
    assert scores.score[0] == scores.score[1]
    assert scores.anomaly[0] == scores.anomaly[1]


def test_a_score_is_the_calibrated_logit_of_the_standardised_row():
    weights = some_weights()
    features = np.random.default_rng(0).normal(0, 2, (20, 3)).astype(np.float32)
    logits = forward(network_of(weights.arrays), (features - np.float32(0.5)) / np.float32(2.0))
    expected = 1 / (1 + np.exp(-(1.5 * logits - 3.0)))
    assert scorer_of(weights).score(features).score == pytest.approx(expected)


def test_the_batch_moves_no_score_by_as_much_as_1e_7():
    scorer = scorer_of(weights_of_the_specification())
    features = np.random.default_rng(0).normal(0, 2, (512, len(PAYMENTS.features))).astype(np.float32)
    together = scorer.score(features)
    for at in range(512):
        alone = scorer.score(features[at : at + 1])
        assert alone.score[0] == together.score[at]
        assert abs(alone.anomaly[0] - together.anomaly[at]) < 1e-12


def test_a_scorer_leaves_its_features_untouched():
    features = np.array([[np.nan, 1.0, 1e30]], np.float32)
    before = features.tobytes()
    scorer_of(some_weights()).score(features)
    assert features.tobytes() == before


def test_no_rows_give_no_scores():
    scores = scorer_of(some_weights()).score(np.empty((0, 3), np.float32))
    assert scores.score.shape == scores.anomaly.shape == (0,)


def test_a_scorer_says_what_its_weights_say():
    weights = some_weights(version=4)
    scorer = scorer_of(weights)
    assert scorer.manifest == weights.manifest
    assert np.array_equal(scorer.score_histogram, weights.arrays["score.histogram"])


def test_reasons_are_told_of_each_row_in_the_words_of_the_specification():
    scorer = scorer_of(weights_of_the_specification())
    features = np.random.default_rng(3).normal(0, 3, (5, len(PAYMENTS.features))).astype(np.float32)
    for row, reasons in zip(features, scorer.reasons(features, "account"), strict=True):
        assert 1 <= len(reasons) <= 3
        for reason in reasons:
            at = PAYMENTS.names.index(reason.feature)
            assert reason.text == PAYMENTS.features[at].describe(float(row[at]), "account")

"""What a row's score, its anomaly and its place in the line's budget cost."""

import numpy as np
import pytest

from stream.alerts.budget import AlertBudget
from stream.features.specification import PAYMENTS
from stream.scoring.line_scorers import scorer_of
from stream.scoring.line_weights import LineWeights
from tests.builders.weights import some_weights, weights_arrays, weights_of_the_specification

ROWS = 512
FEATURES = 40


def some_rows(features=FEATURES):
    return np.random.default_rng(0).normal(0, 2, (ROWS, features)).astype(np.float32)


@pytest.mark.parametrize("bins", [8, 16])
def test_scoring_rows_and_their_anomaly(benchmark, bins):
    scorer = scorer_of(some_weights(weights_arrays(FEATURES, widths=(64, 64), bins=bins)))
    benchmark.extra_info["rows"] = ROWS
    scores = benchmark(scorer.score, some_rows())
    assert np.isfinite(scores.score).all()


def test_reasons_of_one_alert(benchmark):
    scorer = scorer_of(weights_of_the_specification())
    rows = some_rows(len(PAYMENTS.names))
    assert len(benchmark(scorer.reasons, rows[:1], "card")) == 1


@pytest.mark.parametrize("batch", [32, ROWS])
def test_deciding_within_the_budget(benchmark, batch):
    generator = np.random.default_rng(0)
    count = 1 << 17
    scores = 1 / (1 + np.exp(-generator.normal(-5, 2, count)))
    times_s = 1.7e9 + np.sort(generator.uniform(0, 7 * 86_400.0, count))
    benchmark.extra_info["events"] = count

    def decide_all():
        budget = AlertBudget()
        return sum(
            budget.observe_and_decide("cards", scores[at : at + batch], times_s[at : at + batch], 100.0, 1)[1].sum()
            for at in range(0, count, batch)
        )

    assert benchmark(decide_all) == pytest.approx(700, rel=0.15)


def test_reading_weights(benchmark):
    weights = some_weights(weights_arrays(FEATURES, widths=(64, 64), bins=16))
    content, expected = weights.to_bytes(), weights.manifest.feature_hash
    benchmark.extra_info["bytes"] = len(content)
    found = benchmark(LineWeights.from_bytes, content, expected)
    assert found.manifest == weights.manifest

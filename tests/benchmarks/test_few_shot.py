"""What the few-shot model costs: adapting a line with K labels and 5,000 other rows, scoring one line and many."""

from functools import partial

import numpy as np
import pytest

from metalearn.few_shot.cascade import cascade_line, cascade_lines
from metalearn.support import LineSupport
from stream.features.specification import PAYMENTS
from tests.builders.few_shot import a_shared_model

WIDTH = len(PAYMENTS.features)


def a_support(frauds, seed=0):
    generator = np.random.default_rng(seed)
    parts = ((frauds, 1.0), (10 * frauds, 0.0), (5_000, 0.0))
    return LineSupport(*(generator.normal(centre, 1.0, (count, WIDTH)).astype(np.float32) for count, centre in parts))


@pytest.mark.parametrize("frauds", [5, 50])
def test_adapting_a_line(benchmark, frauds):
    shared, support = a_shared_model(WIDTH), a_support(frauds)
    benchmark(shared.adapt, support)


@pytest.mark.parametrize("frauds", [5, 50])
@pytest.mark.parametrize("way", ["cascade", "full"])
def test_scoring_512_rows(benchmark, way, frauds):
    model = a_shared_model(WIDTH).adapt(a_support(frauds))
    rows = np.random.default_rng(1).normal(size=(512, WIDTH)).astype(np.float32)
    benchmark(partial(cascade_line, model) if way == "cascade" else model.full, rows)


@pytest.mark.parametrize("together", [True, False])
def test_scoring_100_rows_of_100_lines(benchmark, together):
    models = [a_shared_model(WIDTH).adapt(a_support(5, seed)) for seed in range(100)]
    rows = np.random.default_rng(1).normal(size=(100, WIDTH)).astype(np.float32)
    if together:
        benchmark(cascade_lines, models, np.arange(100), rows)
    else:
        benchmark(lambda: [cascade_line(model, rows[at : at + 1]) for at, model in enumerate(models)])

"""What the few-shot model costs: adapting a line with K labels and 5,000 other rows, and scoring 512 rows of it."""

import numpy as np
import pytest

from metalearn.support import LineSupport
from stream.features.specification import PAYMENTS
from tests.builders.few_shot import a_shared_model

WIDTH = len(PAYMENTS.features)


def a_support(frauds):
    generator = np.random.default_rng(0)
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
    benchmark(getattr(model, way), rows)

import numpy as np

from metalearn.tasks.task import Task
from stream.backtest.line_groups import own_groups
from stream.features.specification import PAYMENTS


def test_rows_are_grouped_by_thirds_of_the_amount_and_quarters_of_the_day_whatever_their_labels():
    generator = np.random.default_rng(0)
    features = generator.normal(size=(600, len(PAYMENTS.names))).astype(np.float32)
    at = np.sort(generator.uniform(0, 30 * 86_400.0, 600))
    task = Task("a", features, generator.integers(0, 2, 600).astype(np.int8), at, at)
    found = own_groups(task)
    assert np.bincount(found["amount"]).tolist() == [200, 200, 200]
    assert features[found["amount"] == 0, 0].max() < features[found["amount"] == 1, 0].min()
    assert np.array_equal(found["hours"], (at // 3_600 % 24 // 6).astype(int))
    unlabelled = own_groups(Task("a", features, np.zeros(600, np.int8), at, at))
    assert all(np.array_equal(found[name], unlabelled[name]) for name in found)

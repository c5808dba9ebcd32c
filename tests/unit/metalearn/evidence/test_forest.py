"""Trees as arrays say what the library that fitted them says."""

import lightgbm
import numpy as np
import pytest

from metalearn.evidence.forest import empty_forest, forest_of, mean_of, parse_lightgbm


def fitted(rows, labels, seed=0, **more):
    parameters = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_in_leaf": 2, "seed": seed, **more}
    return lightgbm.train(parameters, lightgbm.Dataset(rows, labels, params=parameters), 5)


def slowly(forest, row):
    total = 0.0
    for node in forest.root:
        while node >= 0:
            node = (forest.left if row[forest.feature[node]] <= forest.threshold[node] else forest.right)[node]  # noqa: PLW2901
        total += float(forest.leaf[-1 - node])
    return np.float32(total)


@pytest.mark.parametrize("leaves", [2, 7, 31, 200])
def test_a_walk_gives_the_librarys_own_scores(leaves):
    generator = np.random.default_rng(leaves)
    rows = np.round(generator.normal(size=(600, 4)), 1).astype(np.float32)
    labels = (rows[:, 0] + rows[:, 1] * rows[:, 2] > 0.5).astype(np.float32)
    parameters = {"objective": "binary", "num_leaves": leaves, "verbose": -1, "num_threads": 1, "min_data_in_leaf": 2}
    booster = lightgbm.train(parameters, lightgbm.Dataset(rows, labels, params=parameters), 20)
    forest = parse_lightgbm(booster.model_to_string())
    forest.check(4)
    assert forest.predict(rows) == pytest.approx(booster.predict(rows, raw_score=True), rel=1e-6, abs=1e-6)
    for count in (1, 3, 4, 130, 600):
        assert forest.predict(rows[:count]).tolist() == [slowly(forest, row) for row in rows[:count]]
    back = forest_of(forest.arrays("a."), "a.")
    assert np.array_equal(back.predict(rows), forest.predict(rows))


def test_trees_of_one_leaf_add_their_value():
    rows, labels = np.zeros((50, 1), np.float32), (np.arange(50) < 10).astype(np.float32)
    parameters = {"objective": "binary", "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(parameters, lightgbm.Dataset(rows, labels, params=parameters), 3)
    forest = parse_lightgbm(booster.model_to_string())
    forest.check(1)
    assert forest.predict(rows) == pytest.approx(booster.predict(rows, raw_score=True), abs=1e-6)


def test_no_trees_say_nothing():
    forest = empty_forest()
    forest.check(1)
    assert forest.predict(np.ones((3, 1), np.float32)).tolist() == [0.0, 0.0, 0.0]


def test_a_mean_of_forests_is_the_mean_of_their_scores():
    generator = np.random.default_rng(1)
    rows = generator.normal(size=(400, 3)).astype(np.float32)
    boosters = [fitted(rows, (rows[:, column] > 0).astype(np.float32), feature_fraction=0.7) for column in range(3)]
    constant = fitted(np.zeros((50, 1), np.float32), (np.arange(50) < 10).astype(np.float32))
    for some in (boosters, [constant, *boosters], [boosters[0], constant], boosters[:1]):
        forest = mean_of([parse_lightgbm(one.model_to_string()) for one in some])
        forest.check(3)
        columns = [rows[:, : one.num_feature()] for one in some]
        expected = np.mean([one.predict(of, raw_score=True) for one, of in zip(some, columns, strict=True)], axis=0)
        assert forest.predict(rows) == pytest.approx(expected, rel=1e-6, abs=1e-6)

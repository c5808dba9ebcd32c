"""Which task an episode is drawn from, by law."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from metalearn.errors import MetalearnError
from metalearn.tasks.sampler import EpisodePlan, draw_episode, draw_episodes
from metalearn.tasks.similarity import distance, sketch_of
from metalearn.tasks.task import Task
from metalearn.tasks.task_choice import Diverse, Uniform, diverse, similar_to


def a_task(seed, n=300):
    generator = np.random.default_rng(seed)
    labels = np.zeros(n, np.int8)
    labels[generator.choice(n, 30, replace=False)] = 1
    at = np.sort(generator.uniform(0, 1e6, n))
    features = (generator.normal(size=(n, 3)) ** (1 + 2 * (seed % 2))).astype(np.float32)
    return Task(f"t{seed}", features, labels, at, at + 5e4)


def drawn(choice, count, seed=0):
    return list(choice.batch(count, np.random.default_rng(seed)))


def test_the_default_draws_what_a_plain_loop_draws_to_the_bit():
    tasks, plan = [a_task(seed) for seed in range(4)], EpisodePlan()
    plain = np.random.default_rng(3)
    expected = [draw_episode(tasks[int(plain.integers(len(tasks)))], plan, plain) for _ in range(20)]
    found = draw_episodes(tasks, 20, plan, np.random.default_rng(3))
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one.support.features, other.support.features)
        assert np.array_equal(one.query.features, other.query.features)


def test_every_choice_yields_as_many_as_are_asked_for_and_the_same_for_the_same_seed():
    sketches = [sketch_of(a_task(seed).features) for seed in range(5)]
    for choice in (Uniform(5), similar_to(sketches[0], sketches, 0.1), diverse(sketches)):
        assert len(drawn(choice, 13)) == 13
        assert drawn(choice, 13) == drawn(choice, 13)
        assert {*drawn(choice, 13)} <= {*range(5)}
        assert (
            len(draw_episodes([a_task(seed) for seed in range(5)], 3, EpisodePlan(), np.random.default_rng(0), choice))
            == 3
        )


def test_a_task_is_chosen_in_proportion_to_the_softmax_of_its_distance():
    sketches = [sketch_of(a_task(seed).features) for seed in range(6)]
    choice = similar_to(sketches[0], sketches, 0.2)
    away = [distance(sketches[0], one) for one in sketches]
    for one in range(6):
        for other in range(6):
            ratio = choice.chances[one] / choice.chances[other]
            assert ratio == pytest.approx(np.exp((away[other] - away[one]) / 0.2))
    counts = np.bincount(drawn(choice, 4_000), minlength=6)
    assert stats.chisquare(counts, 4_000 * choice.chances).pvalue > 1e-3


def test_a_hot_choice_is_uniform_and_a_cold_one_takes_the_nearest():
    sketches = [sketch_of(a_task(seed).features) for seed in range(6)]
    np.testing.assert_allclose(similar_to(sketches[2], sketches, 1e9).chances, 1 / 6)
    assert {*drawn(similar_to(sketches[2], sketches, 1e-6), 50)} == {2}
    with pytest.raises(MetalearnError, match="above 0"):
        similar_to(sketches[2], sketches, 0.0)


def two_clusters():
    between = np.ones((8, 8))
    between[:5, :5] = 0.0
    between[5:, 5:] = 0.0
    return between


def test_a_diverse_batch_of_two_has_one_task_of_each_of_two_kinds():
    choice = Diverse(two_clusters())
    for seed in range(40):
        first, second = drawn(choice, 2, seed)
        assert (first < 5) != (second < 5)


def test_no_task_comes_twice_before_every_task_came_once():
    for seed in range(20):
        found = drawn(Diverse(two_clusters()), 24, seed)
        for first, last in pairwise([0, 8, 16, 24]):
            assert sorted(found[first:last]) == list(range(8))


def test_the_second_task_is_drawn_by_the_square_of_its_distance_to_the_first():
    at = np.array([0.0, 1.0, 3.0])
    between = np.abs(at[:, None] - at)
    seconds = Counter(
        second for seed in range(3_000) for first, second in [drawn(Diverse(between), 2, seed)] if not first
    )
    total = seconds.total()
    assert stats.chisquare([seconds[1], seconds[2]], [total * 0.1, total * 0.9]).pvalue > 1e-3


def test_the_third_task_is_drawn_by_its_distance_to_the_nearer_of_the_first_two():
    at = np.array([0.0, 1.0, 5.0, 10.0])
    between = np.abs(at[:, None] - at)
    batches = [drawn(Diverse(between), 3, seed) for seed in range(3_000)]
    thirds = Counter(third for first, second, third in batches if {first, second} == {0, 3})
    total = thirds.total()
    assert stats.chisquare([thirds[1], thirds[2]], [total / 26, total * 25 / 26]).pvalue > 1e-3


def test_a_diverse_batch_is_wider_than_a_uniform_one_and_leaves_no_task_out():
    at = np.random.default_rng(0).normal(size=(12, 2))
    between = np.linalg.norm(at[:, None] - at, axis=-1)

    def width(choice):
        return np.mean([between[np.ix_(rows, rows)].sum() for seed in range(300) for rows in [drawn(choice, 4, seed)]])

    assert width(Diverse(between)) > 1.1 * width(Uniform(12))
    assert {one for seed in range(300) for one in drawn(Diverse(between), 4, seed)} == {*range(12)}

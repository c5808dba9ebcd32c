"""Tasks made by crossing groups, by law."""

from itertools import combinations

import numpy as np
import pytest

from metalearn.errors import MetalearnError
from metalearn.tasks.crossing import bands, crossed, crossed_or_windowed
from metalearn.tasks.task import Task, windows


def a_task(seed=0, n=2_000, frauds=200, name="line"):
    generator = np.random.default_rng(seed)
    labels = np.zeros(n, np.int8)
    labels[generator.choice(n, frauds, replace=False)] = 1
    at = np.sort(generator.uniform(0, 1e6, n))
    return Task(name, np.arange(n, dtype=np.float32)[:, None], labels, at, at + 5e4)


def groups_of(task, seed=1):
    generator = np.random.default_rng(seed)
    return {name: generator.integers(-1, 3, len(task.labels)) for name in ("region", "amount", "hour")}


@pytest.mark.parametrize("most_crossed", [1, 2, 3])
def test_the_made_tasks_are_all_cells_with_enough_frauds(most_crossed):
    task = a_task()
    groups = groups_of(task)
    expected = set()
    for together in range(1, most_crossed + 1):
        for names in combinations(groups, together):
            for cell in np.ndindex(*[3] * together):
                own = np.all([groups[name] == code for name, code in zip(names, cell, strict=True)], axis=0)
                if task.labels[own].sum() >= 8:
                    expected.add(tuple(task.features[own, 0]))
    found = crossed(task, groups, most_crossed=most_crossed)
    assert {tuple(one.features[:, 0]) for one in found} == expected
    assert len(found) == len(expected)


def test_a_made_task_keeps_its_rows_labels_and_times_together():
    task = a_task()
    for one in crossed(task, groups_of(task)):
        rows = one.features[:, 0].astype(int)
        assert (np.diff(rows) > 0).all()
        assert np.array_equal(one.labels, task.labels[rows])
        assert np.array_equal(one.occurred_at_s, task.occurred_at_s[rows])
        assert np.array_equal(one.label_known_at_s, task.label_known_at_s[rows])
        assert one.frauds >= 8


def test_the_same_group_under_two_names_makes_one_task_and_the_whole_line_makes_none():
    task = a_task()
    half = (np.arange(2_000) % 2).astype(np.int64)
    found = crossed(task, {"one": half, "again": half, "all": np.zeros(2_000, np.int64)})
    assert [one.name for one in found] == ["line/one=0", "line/one=1"]


def test_codes_that_do_not_fit_the_rows_are_refused():
    with pytest.raises(MetalearnError, match="grouping region has 3 codes for 2000 rows"):
        crossed(a_task(), {"region": np.zeros(3, np.int64)})


def test_bands_hold_about_as_many_rows_each_and_equal_values_stay_together():
    values = np.random.default_rng(0).exponential(size=900)
    assert np.bincount(bands(values, 3)).tolist() == [300, 300, 300]
    assert (np.diff(bands(np.sort(values), 4)) >= 0).all()
    assert len(np.unique(bands(np.zeros(50), 3))) == 1


def test_where_lines_are_many_they_are_taken_as_they_are():
    tasks = [a_task(seed) for seed in range(4)]
    assert crossed_or_windowed(tasks, groups_of, 2e5) == tasks


def test_where_lines_are_few_windows_and_crossings_stand_in_their_place():
    task = a_task()
    found = crossed_or_windowed([task], groups_of, 2e5)
    parts = [one.name for one in windows(task, 2e5)]
    assert [one.name for one in found] == parts + [one.name for one in crossed(task, groups_of(task))]
    assert [one.name for one in crossed_or_windowed([task], None, 2e5)] == parts


def test_a_line_of_which_nothing_can_be_made_stays_itself():
    task = a_task(frauds=5)
    assert crossed_or_windowed([task], groups_of, 2e5) == [task]

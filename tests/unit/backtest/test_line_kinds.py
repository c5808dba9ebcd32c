from dataclasses import replace

import numpy as np

from metalearn.tasks.similarity import distance
from stream.backtest.line_kinds import different_kinds, line_sketch
from stream.features.specification import PAYMENTS


def test_lines_of_one_kind_are_not_worth_a_word_and_a_strange_one_is(small_training_data):
    tasks = small_training_data.tasks
    assert different_kinds([tasks[0], replace(tasks[0], name="again")], PAYMENTS) is None
    strange = np.random.default_rng(0).exponential(size=(2_000, len(PAYMENTS.names))).astype(np.float32)
    odd = replace(
        tasks[0],
        name="odd",
        features=strange,
        labels=np.zeros(2_000, np.int8),
        occurred_at_s=np.arange(2_000.0),
        label_known_at_s=np.arange(2_000.0),
    )
    said = different_kinds([tasks[0], odd], PAYMENTS)
    assert said is not None
    assert "odd: " in said


def test_a_sketch_reads_no_label(small_training_data):
    task = small_training_data.tasks[0]
    changed = np.where(PAYMENTS.from_labels, 7.0, task.features).astype(np.float32)
    other = replace(task, features=changed, labels=1 - task.labels)
    assert distance(line_sketch(task, PAYMENTS), line_sketch(other, PAYMENTS)) == 0

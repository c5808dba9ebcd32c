"""What kinds of lines a training has, and what of each line is kept to tell."""

from collections.abc import Sequence

import numpy as np

from metalearn.tasks.kinds import kinds, kinds_in_words
from metalearn.tasks.similarity import TaskSketch, sketch_of
from metalearn.tasks.task import Task
from stream.features.specification import FROM_LABELS

_KEPT = ~np.array(FROM_LABELS)


def line_sketch(task: Task) -> TaskSketch:
    """Return the sketch of a line; features made of labels and the labels are not read."""
    return sketch_of(task.features[:, _KEPT])


def different_kinds(tasks: Sequence[Task]) -> str | None:
    """Return which kinds of lines there are, in words, or None where all are of one kind.

    Args:
        tasks: One for each line.
    """
    sketches = [line_sketch(task) for task in tasks]
    if len(kinds(sketches)) == 1:
        return None
    return kinds_in_words([task.name for task in tasks], sketches)

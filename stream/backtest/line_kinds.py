"""What kinds of lines a training has, and what of each line is kept to tell."""

from collections.abc import Sequence

from metalearn.tasks.kinds import kinds, kinds_in_words
from metalearn.tasks.similarity import TaskSketch, sketch_of
from metalearn.tasks.task import Task
from stream.features.specification import FeatureSpecification


def line_sketch(task: Task, specification: FeatureSpecification) -> TaskSketch:
    """Return the sketch of a line; features made of labels and the labels are not read."""
    return sketch_of(task.features[:, specification.without_labels])


def different_kinds(tasks: Sequence[Task], specification: FeatureSpecification) -> str | None:
    """Return which kinds of lines there are, in words, or None where all are of one kind.

    Args:
        tasks: One for each line.
        specification: What stands in which column.
    """
    sketches = [line_sketch(task, specification) for task in tasks]
    if len(kinds(sketches)) == 1:
        return None
    return kinds_in_words([task.name for task in tasks], sketches)

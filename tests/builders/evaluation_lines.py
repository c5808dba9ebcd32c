"""Lines of a few-shot evaluation."""

import numpy as np

from metalearn.evaluation.few_shot import Line
from metalearn.tasks.task import Task


def a_line(name="line", rows=400, frauds=40, features=4, *, seed=0, shift=2.0, delay_s=0.0, repeats=None, timed=True):
    """Return a line whose frauds lie `shift` deviations away in the first feature."""
    generator = np.random.default_rng([seed, sum(name.encode())])
    values = generator.standard_normal((rows, features)).astype(np.float32)
    labels = np.zeros(rows, np.int8)
    labels[generator.choice(rows, frauds, replace=False)] = 1
    values[labels == 1, 0] += shift
    times = np.arange(rows) * 3_600.0
    return Line(Task(name, values, labels, times, times + delay_s), timed, repeats)

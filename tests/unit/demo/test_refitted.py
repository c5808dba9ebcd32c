"""The demo's yardstick learns from the same labels and is judged on the same later events."""

import numpy as np

from stream.demo.refitted import refitted_precision
from stream.scoring.standardisation import Standardisation
from tests.builders.few_shot import a_task
from tests.builders.labelled_examples import a_scored_event

FEATURES = 4


def events_of(task, prefix):
    return [
        a_scored_event(event_id=f"{prefix}{at}", features=row.astype("<f4").tobytes())
        for at, row in enumerate(task.features)
    ]


def test_trees_refitted_with_a_lines_labels_find_its_frauds():
    tasks = [a_task(FEATURES, seed) for seed in range(3)]
    past, later = a_task(FEATURES, 9), a_task(FEATURES, 9)
    known = {f"p{at}" for at in np.flatnonzero(past.labels == 1)[:15]}
    frauds = {f"j{at}" for at in np.flatnonzero(later.labels == 1)}
    scale = Standardisation(np.zeros(FEATURES, np.float32), np.ones(FEATURES, np.float32))
    found = refitted_precision(tasks, scale, events_of(past, "p"), known, events_of(later, "j"), frauds)
    assert 0.5 < found <= 1.0

"""Tells one training from another, so that a kept state is gone on with by its own alone."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from metalearn.tasks.task import Task


def fingerprint(tasks: Sequence[Task], plan: Mapping[str, Any], about: str) -> str:
    """Return a digest of all that decides what a training ends with.

    Args:
        tasks: Their rows, labels and times.
        plan: How to train, as plain values.
        about: Whatever else must be the same.
    """
    found = hashlib.sha256(json.dumps([about, plan], sort_keys=True).encode())
    for task in tasks:
        for column in (task.features, task.labels, task.occurred_at_s, task.label_known_at_s):
            found.update(f"|{task.name}|{column.dtype.str}|{column.shape}|".encode())
            found.update(np.ascontiguousarray(column).data)
    return found.hexdigest()

"""Makes tasks out of a line by crossing groups of its rows: for when lines are few."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from metalearn.errors import MetalearnError
from metalearn.tasks.task import Task, windows

Codes = npt.NDArray[np.integer]
Grouping = Callable[[Task], Mapping[str, Codes]]
"""A task to its rows' groups by name: a code from 0 up for each row, -1 for a row in none."""

FEW_LINES = 4
"""With fewer, an initialisation would learn lines by heart instead of learning to learn."""


def bands(values: npt.NDArray[np.floating], count: int) -> npt.NDArray[np.int64]:
    """Return which of `count` bands, of about as many rows each, every value lies in.

    Equal values are in one band, so there may be fewer bands.
    """
    edges = np.quantile(values, np.arange(1, count) / count)
    return np.searchsorted(edges, values, side="right")


def crossed(task: Task, groups: Mapping[str, Codes], least_frauds: int = 8, most_crossed: int = 2) -> list[Task]:
    """Return tasks of the rows that share a group, or several groups at once.

    Args:
        task: The whole line.
        groups: Codes of the rows by the grouping's name, each [n]; rows of -1 are in none.
        least_frauds: Tasks with fewer are left out.
        most_crossed: Most groupings that are crossed at once.

    Returns:
        The tasks, single groups first, then crossings of two and so on. One whose frauds
        are those of another task, or of the whole line, is left out: it teaches the same.

    Raises:
        MetalearnError: Codes are not one for each row.
    """
    for name, codes in groups.items():
        if len(codes) != len(task.labels):
            raise MetalearnError(
                f"task {task.name}: grouping {name} has {len(codes)} codes for {len(task.labels)} rows"
            )
    fraud = task.labels == 1
    seen = {np.flatnonzero(fraud).tobytes()}
    found = []
    for name, rows in _cells(groups, most_crossed):
        frauds = rows[fraud[rows]]
        if len(frauds) >= least_frauds and frauds.tobytes() not in seen:
            seen.add(frauds.tobytes())
            found.append(_part(task, rows, f"{task.name}/{name}"))
    return found


def _cells(groups: Mapping[str, Codes], most_crossed: int) -> Iterator[tuple[str, npt.NDArray[np.int64]]]:
    for together in range(1, min(most_crossed, len(groups)) + 1):
        for names in combinations(groups, together):
            codes = np.stack([groups[name] for name in names], 1)
            rows = np.flatnonzero((codes >= 0).all(1))
            cells, at = np.unique(codes[rows], axis=0, return_inverse=True)
            for number, cell in enumerate(cells.tolist()):
                said = "&".join(f"{name}={code}" for name, code in zip(names, cell, strict=True))
                yield said, rows[at.ravel() == number]


def _part(task: Task, rows: npt.NDArray[np.int64], name: str) -> Task:
    return Task(
        name, task.features[rows], task.labels[rows], task.occurred_at_s[rows], task.label_known_at_s[rows]
    )  # fmt: skip


def crossed_or_windowed(
    tasks: Sequence[Task],
    grouping: Grouping | None,
    window_s: float,
    few_lines: int = FEW_LINES,
    least_frauds: int = 8,
) -> list[Task]:
    """Return the tasks; where lines are few, what can be made of each in its place.

    Args:
        tasks: One for each line.
        grouping: How to group rows for crossing; None crosses nothing.
        window_s: Length of a window, in event time.
        few_lines: From so many lines on they are taken as they are.
        least_frauds: Made tasks with fewer are left out.

    Returns:
        Of each line its windows and its crossings, or itself where nothing can be made of it.
    """
    if len(tasks) >= few_lines:
        return list(tasks)
    return [part for task in tasks for part in _made(task, grouping, window_s, least_frauds) or [task]]


def _made(task: Task, grouping: Grouping | None, window_s: float, least_frauds: int) -> list[Task]:
    made = windows(task, window_s, least_frauds)
    return made if grouping is None else made + crossed(task, grouping(task), least_frauds)

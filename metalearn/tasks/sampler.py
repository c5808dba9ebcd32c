"""Draws episodes: K frauds, some genuine rows, and a later query."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metalearn.episode import Episode, Support, support_of
from metalearn.errors import NoEpisodeError
from metalearn.tasks.task import Task
from metalearn.tasks.task_choice import TaskChoice, Uniform
from metalearn.tasks.time_split import Rows, split_at


@dataclass(frozen=True, slots=True)
class EpisodePlan:
    """How episodes are drawn.

    Attributes:
        most_frauds: K is uniform from 1 to this.
        genuine_per_fraud: Genuine rows in the support for each fraud.
        least_genuine: ... and at least so many.
        query_frauds: Most frauds in the query.
        query_genuine: Most genuine rows in the query.
        earliest_cut: The cut lies after this share of the frauds known before the last one,
        latest_cut: and before this share.
    """

    most_frauds: int = 32
    genuine_per_fraud: int = 5
    least_genuine: int = 60
    query_frauds: int = 12
    query_genuine: int = 100
    earliest_cut: float = 0.2
    latest_cut: float = 0.8


def draw_episode(task: Task, plan: EpisodePlan, generator: np.random.Generator) -> Episode:
    """Return an episode of a task.

    Raises:
        NoEpisodeError: No fraud is known before another happens.
    """
    frauds = np.flatnonzero(task.labels == 1)
    last_s = task.occurred_at_s[frauds[-1]] if len(frauds) else -np.inf
    known_s = np.sort(task.label_known_at_s[frauds])
    known_s = known_s[known_s < last_s]
    if not len(known_s):
        raise NoEpisodeError(f"task {task.name}: no fraud is known before another happens")
    at = int(generator.uniform(plan.earliest_cut, plan.latest_cut) * len(known_s))
    # The cut lies just after a fraud became known and no later than the last fraud.
    before, after = split_at(task, min(float(known_s[at]) + 1e-6, float(last_s)))
    return Episode(_support(task, before, plan, generator), _query(task, after, plan, generator))


def draw_episodes(
    tasks: Sequence[Task],
    count: int,
    plan: EpisodePlan,
    generator: np.random.Generator,
    choice: TaskChoice | None = None,
) -> list[Episode]:
    """Return episodes of tasks.

    Args:
        tasks: From which an episode can be drawn; see `usable`.
        count: How many.
        plan: How each is drawn.
        generator: Source of chance.
        choice: Which tasks; None is every one alike.
    """
    chosen = (choice or Uniform(len(tasks))).batch(count, generator)
    return [draw_episode(tasks[at], plan, generator) for at in chosen]


def usable(tasks: Sequence[Task], plan: EpisodePlan) -> list[Task]:
    """Return the tasks that an episode can be drawn from."""
    found = []
    for task in tasks:
        try:
            draw_episode(task, plan, np.random.default_rng(0))
        except NoEpisodeError:
            continue
        found.append(task)
    return found


def _take(rows: Rows, most: int, generator: np.random.Generator) -> Rows:
    # Shuffles no more than it takes: tasks can be very long.
    return rows if len(rows) <= most else rows[generator.choice(len(rows), most, replace=False, shuffle=False)]


def _support(task: Task, before: Rows, plan: EpisodePlan, generator: np.random.Generator) -> Support:
    frauds, genuine = before[task.labels[before] == 1], before[task.labels[before] == 0]
    chosen = _take(frauds, int(generator.integers(1, plan.most_frauds + 1)), generator)
    others = _take(genuine, max(plan.genuine_per_fraud * len(chosen), plan.least_genuine), generator)
    return _rows(task, np.concatenate([chosen, others]))


def _query(task: Task, after: Rows, plan: EpisodePlan, generator: np.random.Generator) -> Support:
    frauds, genuine = after[task.labels[after] == 1], after[task.labels[after] == 0]
    chosen = _take(frauds, plan.query_frauds, generator)
    return _rows(task, np.concatenate([chosen, _take(genuine, plan.query_genuine, generator)]))


def _rows(task: Task, rows: Rows) -> Support:
    return support_of(task.features[rows], task.labels[rows].astype(np.float32))

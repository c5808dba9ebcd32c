"""Which task each episode of a batch is drawn from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from metalearn.errors import MetalearnError
from metalearn.tasks.similarity import TaskSketch, distance, distances

Chances = npt.NDArray[np.float64]


class TaskChoice(Protocol):
    """Chooses tasks for a batch of episodes."""

    def batch(self, count: int, generator: np.random.Generator) -> Iterator[int]:
        """Yield the places of `count` tasks; one is chosen only when it is asked for.

        Between two of them the same generator draws an episode.
        """
        ...


@dataclass(frozen=True, slots=True)
class Uniform:
    """Every task alike.

    Attributes:
        tasks: How many there are.
    """

    tasks: int

    def batch(self, count: int, generator: np.random.Generator) -> Iterator[int]:
        """Yield tasks, each with the same chance."""
        for _ in range(count):
            yield int(generator.integers(self.tasks))


@dataclass(frozen=True, slots=True)
class Similar:
    """Tasks like a target more often than others.

    Attributes:
        chances: Of each task, summing to 1, [tasks].
    """

    chances: Chances

    def batch(self, count: int, generator: np.random.Generator) -> Iterator[int]:
        """Yield tasks by their chances."""
        for _ in range(count):
            yield int(generator.choice(len(self.chances), p=self.chances))


def similar_to(target: TaskSketch, sketches: Sequence[TaskSketch], temperature: float) -> Similar:
    """Return the choice whose chances are the softmax of -distance/temperature.

    Args:
        target: Of the line that an initialisation is made for.
        sketches: Of the tasks.
        temperature: A task this much farther is chosen 1/e as often; in units of distance.

    Raises:
        MetalearnError: The temperature is not above 0.
    """
    if not temperature > 0:
        raise MetalearnError(f"temperature {temperature}: must be above 0")
    scaled = np.array([-distance(target, sketch) for sketch in sketches]) / temperature
    raised = np.exp(scaled - scaled.max())
    return Similar(raised / raised.sum())


@dataclass(frozen=True, slots=True)
class Diverse:
    """Batches of tasks that are unlike each other.

    The first is drawn uniformly, each next with a chance that grows with the square of its
    distance to the nearest one chosen (Arthur and Vassilvitskii, "k-means++", 2007, section
    2.2), so that a lone strange task is not in every batch. No task comes twice before every
    task came once.

    Attributes:
        between: Distance between any two tasks, [tasks, tasks].
    """

    between: npt.NDArray[np.float64]

    def batch(self, count: int, generator: np.random.Generator) -> Iterator[int]:
        """Yield tasks, each far from those before it."""
        tasks = len(self.between)
        nearest = np.empty(0)
        for at in range(count):
            if at % tasks == 0:
                left, nearest = np.ones(tasks), np.ones(tasks)
            chances = left * nearest**2
            # Copies of what was chosen are all that is left.
            chances = chances if chances.any() else left
            chosen = int(generator.choice(tasks, p=chances / chances.sum()))
            left[chosen] = 0.0
            nearest = self.between[chosen] if at % tasks == 0 else np.minimum(nearest, self.between[chosen])
            yield chosen


def diverse(sketches: Sequence[TaskSketch]) -> Diverse:
    """Return the choice of unlike tasks.

    Args:
        sketches: Of the tasks.
    """
    return Diverse(distances(sketches))

"""The protocol behind which every method of the few-shot table stands."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from metalearn.support import LineSupport
from metalearn.tasks.task import Task

Score = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float64]]
"""From rows [n, features], standardised as the support is, to scores in [0, 1], float64 [n]."""

Setting = Mapping[str, Any]
"""One point of a method's grid; values are plain and can be written as JSON."""

Kind = Literal["ours", "baseline"]


class Trained(Protocol):
    """A method that has seen its training lines."""

    def adapt(self, support: LineSupport) -> Score:
        """Return how the line's rows are scored.

        A support may have no labelled rows at all (K = 0).
        """


class FitCache(Protocol):
    """Keeps what was fitted on one set of training lines, so that a grid does not fit it again."""

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """Return what is kept under a key, made where there is none."""


class Method(Protocol):
    """One row of the table.

    Attributes:
        name: In the table.
        kind: Whether it is ours or one of the baselines.
        settings: The grid; one empty setting where there is nothing to choose.
    """

    @property
    def name(self) -> str:
        """Its name in the table."""

    @property
    def kind(self) -> Kind:
        """Ours or a baseline."""

    @property
    def settings(self) -> Sequence[Setting]:
        """Return the grid."""

    def train(self, tasks: Sequence[Task], setting: Setting, seed: int, cache: FitCache) -> Trained:
        """Learn from whole lines.

        Args:
            tasks: Lines with standardised rows in time order; all of their labels may be used.
            setting: One point of the grid.
            seed: Of all chance.
            cache: Of these tasks and this seed; another set of tasks has another one.
        """

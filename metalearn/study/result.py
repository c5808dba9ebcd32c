"""What a study found: one row for each method, with what was published and what was to be reached."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

Tell = Callable[[str, int, int], None]
"""(what is being trained, step, steps)."""


@dataclass(frozen=True, slots=True)
class Result:
    """A row of a study's table.

    Attributes:
        protocol: `finn`, `meta-sgd` or `bmaml`.
        method: And what is special about it.
        published: As the literature states it, empty where it does not.
        reached: Mean squared error over the judged tasks, or a share for a coverage; not
            finite where the training diverged.
        interval: Of `reached`, 95 %, over judged tasks or over seeds.
        target: In words, empty where there is none.
        met: Whether the target was reached, None where there is none.
        seconds: Of training, all seeds together.
        note: What a reader must know.
        curve: The training's loss, mean over equal stretches of it.
    """

    protocol: str
    method: str
    published: str
    reached: float
    interval: tuple[float, float]
    target: str = ""
    met: bool | None = None
    seconds: float = 0.0
    note: str = ""
    curve: tuple[float, ...] = ()

    @property
    def diverged(self) -> bool:
        """Whether there is no figure."""
        return not math.isfinite(self.reached)

    def shown(self) -> str:
        """Return what was reached, for a person."""
        return "diverged" if self.diverged else f"{self.reached:.3f}"

    def as_json(self) -> dict[str, Any]:
        """Return the row for a program: None for what is not finite."""
        finite = [value if math.isfinite(value) else None for value in (self.reached, *self.interval, *self.curve)]
        return {**asdict(self), "reached": finite[0], "interval": finite[1:3], "curve": finite[3:]}


_STRETCHES = 60


def stretches(losses: Sequence[float]) -> tuple[float, ...]:
    """Return the means over at most 60 equal stretches."""
    count = min(_STRETCHES, len(losses))
    edges = [at * len(losses) // count for at in range(count + 1)] if count else []
    return tuple(sum(losses[a:b]) / (b - a) for a, b in pairwise(edges))

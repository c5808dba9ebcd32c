"""A simulated world's lines in three parts: to train on, to choose settings by, and to be judged."""

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Line = TypeVar("Line", bound=_Named)


# A generic class with slots cannot be made by its alias: both set attributes of a frozen instance.
@dataclass(frozen=True)
class DrawnWorld(Generic[Line]):
    """Lines to train on, to choose settings by, and to judge; no pair of families is in two of these.

    Attributes:
        train: Of these so many as `drawn_first` says were drawn before the other parts.
    """

    train: tuple[Line, ...]
    validation: tuple[Line, ...]
    test: tuple[Line, ...]
    drawn_first: int

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines in the order in which they were drawn."""
        return self.train[: self.drawn_first] + self.validation + self.test + self.train[self.drawn_first :]

    def tasks(self, lines_file: str, events_file: str) -> dict[str, Any]:
        """Return what a tasks file says: which lines train, validate and are judged.

        Args:
            lines_file: That declares the lines.
            events_file: That holds their events.
        """
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {
            part: [{"name": one.name, "line": lines_file, "events": events_file} for one in lines]
            for part, lines in parts.items()
        }

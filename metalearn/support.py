"""What a line knows of itself when a learner adapts to it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metalearn.errors import MetalearnError

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LineSupport:
    """A line's past, standardised by the line's own unlabelled rows.

    Attributes:
        frauds: Labelled frauds, float32 [k, features].
        genuine: Rows labelled genuine, float32 [g, features].
        unlabelled: Past rows whose labels nobody told; may hide frauds, float32 [u, features].
    """

    frauds: Rows
    genuine: Rows
    unlabelled: Rows

    def __post_init__(self) -> None:
        """Check that the three speak of the same features.

        Raises:
            MetalearnError: They differ in width.
        """
        widths = {part.shape[1] if part.ndim == 2 else -1 for part in (self.frauds, self.genuine, self.unlabelled)}
        if len(widths) != 1 or -1 in widths:
            raise MetalearnError("a support's frauds, genuine and unlabelled rows must have the same features")

    @property
    def width(self) -> int:
        """How many features a row has."""
        return int(self.unlabelled.shape[1])

    def labelled(self) -> tuple[Rows, npt.NDArray[np.int8]]:
        """Return the labelled rows, frauds first, and their labels: 1 fraud, 0 genuine."""
        labels = np.zeros(len(self.frauds) + len(self.genuine), np.int8)
        labels[: len(self.frauds)] = 1
        return np.concatenate([self.frauds, self.genuine]), labels

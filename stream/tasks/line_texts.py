"""The words of a line's rows, each different text once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stream.tasks import columns


@dataclass(frozen=True, slots=True, eq=False)
class LineTexts:
    """Which text each row has.

    Attributes:
        distinct: Different texts; lines of one file share them, and a line has not all.
        at: Of each row its place among them, -1 where it has none; int64 [rows].
    """

    distinct: Sequence[str]
    at: npt.NDArray[np.int64]

    @classmethod
    def of_column(cls, column: Any) -> "LineTexts":
        """Return the texts of all rows of a parquet column."""
        return cls(*columns.words(column))

    def of_rows(self, rows: npt.NDArray[np.int64]) -> "LineTexts":
        """Return the texts of some rows, in their order."""
        return LineTexts(self.distinct, self.at[rows])

    def used(self) -> tuple[list[str], npt.NDArray[np.int64]]:
        """Return the texts that the rows have, and each row's place among these, -1 where it has none."""
        places, at = np.unique(self.at, return_inverse=True)
        missing = int(len(places) > 0 and places[0] < 0)
        return [self.distinct[place] for place in places[missing:]], at.reshape(-1) - missing

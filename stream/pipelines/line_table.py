"""What scoring asks of business lines, in arrays: a batch may name hundreds of them."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from stream.events.business_line import BusinessLine


class LineTable:
    """Lines by number.

    Attributes:
        lines: In the order of their numbers.
        delay_s: How long each line's labels take, float64 [lines].
        budget_per_day: How many alerts a day each line wants, float64 [lines].
    """

    def __init__(self, lines: Mapping[str, BusinessLine]) -> None:
        """Number the lines."""
        self.lines = list(lines.values())
        self.delay_s = np.array([line.label_delay_s for line in self.lines], np.float64)
        self.budget_per_day = np.array([line.alerts.budget_per_day for line in self.lines], np.float64)
        self._number = {name: at for at, name in enumerate(lines)}

    def numbers(self, names: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the number of each of these lines, int64 [n]."""
        return np.fromiter(map(self._number.__getitem__, names), np.int64, len(names))

"""Tells a batch's different names from one another."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def distinct(names: Sequence[str]) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Return the different names, in the order in which they first appear, and which of them each one is, int64 [n]."""
    different = list(dict.fromkeys(names))
    place = {name: at for at, name in enumerate(different)}
    return different, np.fromiter(map(place.__getitem__, names), np.int64, len(names))

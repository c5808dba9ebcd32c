"""What a line knows of itself when it is adapted to."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LineSupport:
    """Rows of one line's past, standardised by that past.

    Attributes:
        frauds: Labelled frauds, float32 [k, features].
        genuine: Labelled genuine rows, float32 [g, features].
        unlabelled: Other rows, presumed genuine; they may hide frauds. float32 [u, features].
    """

    frauds: Floats
    genuine: Floats
    unlabelled: Floats

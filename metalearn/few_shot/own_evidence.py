"""What a line's own labels say alone, and how much that counts beside what all lines share."""

import numpy as np
import numpy.typing as npt

from metalearn.evidence.column_kernel import BLOCKS
from metalearn.evidence.support_state import DIAGNOSES, SupportState, network_columns

Floats = npt.NDArray[np.float32]

KNOWN_RARITY = float(-np.log(0.05))
"""A fraud among the rarest 5 % by the pooled score is one that all lines know."""
_HALF_TRUSTED = 5.0


def own_share(known: Floats) -> float:
    """Return the weight of a line's own evidence, in [0, 1).

    It grows with the labelled frauds and with the share of them that the pooled score, which no
    label of the line has touched, does not find: where frauds are of families that training lines
    have, these know better; where they are new, only the line's labels tell.

    Args:
        known: Rarity of the labelled frauds by the pooled score, float32 [k].
    """
    count = len(known)
    return float((known < KNOWN_RARITY).mean()) * count / (count + _HALF_TRUSTED) if count else 0.0


def own_evidence(state: SupportState, columns: Floats) -> list[Floats]:
    """Return what needs no line tree: the density ratio and the nearest exemplar.

    Args:
        state: Of the support.
        columns: Of rows, float32 [n, columns].
    """
    totals = BLOCKS * state.features
    return [columns[:, totals + 6], columns[:, totals + 2]]


def own_trees(state: SupportState, columns: Floats) -> list[Floats]:
    """Return the scores of the line's own trees; arguments as of `own_evidence`."""
    at = network_columns(state.features) + DIAGNOSES
    return [columns[:, at], columns[:, at + 2]]

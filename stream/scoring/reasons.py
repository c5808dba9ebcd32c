"""Why an event was alerted: the features that raise its logit most over the line's mean.

Occlusion (Zeiler and Fergus, 2014): each feature is set to the line's mean, 0 when
standardised; how far the logit falls is the feature's contribution.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from stream.events.scored_event import Reason
from stream.features.specification import FEATURES

TOP = 3
# The time of day is one thing to a person and two columns to the network.
_TOGETHER = (("hour_sin", "hour_cos"),)


def _groups() -> list[tuple[int, list[int]]]:
    """Return (the column that speaks, all columns set to the mean together) of every reason."""
    names = [feature.name for feature in FEATURES]
    joined = {names.index(part): [names.index(one) for one in group] for group in _TOGETHER for part in group}
    found = [(column, joined.get(column, [column])) for column in range(len(names))]
    return [(column, columns) for column, columns in found if column == columns[0]]


_GROUPS = _groups()


def top_reasons(
    logits: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
    raw: npt.NDArray[np.float32],
    row: npt.NDArray[np.float32],
    kind: str,
) -> list[Reason]:
    """Return the three features that raise a row's logit most, greatest first.

    Args:
        logits: Of standardised rows.
        raw: The row as features were made, float32 [features].
        row: The same row standardised.
        kind: What the line calls its subjects.
    """
    occluded = np.tile(row.astype(np.float64), (len(_GROUPS) + 1, 1))
    for at, (_, columns) in enumerate(_GROUPS):
        occluded[at + 1, columns] = 0.0
    found = logits(occluded)
    contributions = found[0] - found[1:]
    order = np.argsort(-contributions, kind="stable")[:TOP]
    return [_reason(_GROUPS[at][0], raw, float(contributions[at]), kind) for at in order if contributions[at] > 0]


def _reason(column: int, raw: npt.NDArray[np.float32], contribution: float, kind: str) -> Reason:
    feature = FEATURES[column]
    return Reason(feature.name, feature.describe(float(raw[column]), kind), contribution)

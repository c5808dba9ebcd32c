"""Why an event was alerted: the features that raise its logit most over the line's mean.

Occlusion (Zeiler and Fergus, 2014): each feature is set to the line's mean, 0 when
standardised; how far the logit falls is the feature's contribution.
"""

from collections.abc import Callable, Iterable
from typing import Any

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
PER_ROW = len(_GROUPS) + 1
"""How many rows tell the reasons of one."""


def top_reasons(
    logits: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
    raw: npt.NDArray[np.float32],
    rows: npt.NDArray[Any],
    kinds: Iterable[str],
) -> list[list[Reason]]:
    """Return the three features that raise each row's logit most, greatest first.

    Args:
        logits: Of standardised rows; each row comes as it is and with every feature occluded, `PER_ROW` of them.
        raw: The rows as features were made, float32 [n, features].
        rows: The same rows standardised, [n, features].
        kinds: What each row's line calls its subjects.
    """
    occluded = np.repeat(rows.astype(np.float64)[:, None], PER_ROW, axis=1)
    for at, (_, columns) in enumerate(_GROUPS):
        occluded[:, at + 1, columns] = 0.0
    found = logits(occluded.reshape(-1, rows.shape[1])).reshape(-1, PER_ROW)
    contributions = found[:, :1] - found[:, 1:]
    order = np.argsort(-contributions, axis=1, kind="stable")[:, :TOP]
    greatest = np.take_along_axis(contributions, order, axis=1)
    return [
        [_reason(_GROUPS[at][0], row, by, kind) for at, by in zip(top, moved, strict=True) if by > 0]
        for top, moved, row, kind in zip(order.tolist(), greatest.tolist(), raw, kinds, strict=False)
    ]


def _reason(column: int, raw: npt.NDArray[np.float32], contribution: float, kind: str) -> Reason:
    feature = FEATURES[column]
    return Reason(feature.name, feature.describe(float(raw[column]), kind), contribution)

"""Why an event was alerted: the features that raise its logit most over the line's mean.

Occlusion (Zeiler and Fergus, 2014): each feature is set to the line's mean, 0 when
standardised; how far the logit falls is the feature's contribution.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from stream.events.scored_event import Reason
from stream.features.specification import FeatureSpecification

TOP = 3
# The time of day is one thing to a person and two columns to the network.
_TOGETHER = (("hour_sin", "hour_cos"),)


@cache
def _groups(specification: FeatureSpecification) -> list[tuple[int, list[int]]]:
    """Return (the column that speaks, all columns set to the mean together) of every reason."""
    names = specification.names
    joined = {names.index(part): [names.index(one) for one in group] for group in _TOGETHER for part in group}
    found = [(column, joined.get(column, [column])) for column in range(len(names))]
    return [(column, columns) for column, columns in found if column == columns[0]]


def rows_asked(specification: FeatureSpecification) -> int:
    """Return how many rows tell the reasons of one."""
    return len(_groups(specification)) + 1


def top_reasons(
    logits: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
    raw: npt.NDArray[np.float32],
    rows: npt.NDArray[Any],
    kinds: Iterable[str],
    specification: FeatureSpecification,
) -> list[list[Reason]]:
    """Return the three features that raise each row's logit most, greatest first.

    Args:
        logits: Of standardised rows; each row comes as it is and with every feature occluded, `rows_asked` of them.
        raw: The rows as features were made, float32 [n, features].
        rows: The same rows standardised, [n, features].
        kinds: What each row's line calls its subjects.
        specification: What stands in which column.
    """
    groups, asked = _groups(specification), rows_asked(specification)
    occluded = np.repeat(rows.astype(np.float64)[:, None], asked, axis=1)
    for at, (_, columns) in enumerate(groups):
        occluded[:, at + 1, columns] = 0.0
    found = logits(occluded.reshape(-1, rows.shape[1])).reshape(-1, asked)
    contributions = np.where(_unsaid(specification, raw), 0.0, found[:, :1] - found[:, 1:])
    order = np.argsort(-contributions, axis=1, kind="stable")[:, :TOP]
    greatest = np.take_along_axis(contributions, order, axis=1)
    return [
        [_reason(groups[at][0], row, by, kind, specification) for at, by in zip(top, moved, strict=True) if by > 0]
        for top, moved, row, kind in zip(order.tolist(), greatest.tolist(), raw, kinds, strict=False)
    ]


def _unsaid(specification: FeatureSpecification, raw: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Return which features of which rows say nothing, bool [n, groups]."""
    spoken = [column for column, _ in _groups(specification)]
    absent = [specification.features[column].absent for column in spoken]
    # Equal to nothing, not even to itself.
    never = np.array([np.nan if one is None else one for one in absent], np.float32)
    return np.asarray(raw[:, spoken] == never)


def _reason(
    column: int, raw: npt.NDArray[np.float32], contribution: float, kind: str, specification: FeatureSpecification
) -> Reason:
    feature = specification.features[column]
    return Reason(feature.name, feature.describe(float(raw[column]), kind), contribution)

"""Why an event was alerted: the features that raise its logit most over the line's mean.

Occlusion (Zeiler and Fergus, 2014): each feature is set to the line's mean, 0 when
standardised; how far the logit falls is the feature's contribution.
"""

from collections.abc import Callable
from functools import cache
from itertools import islice

import numpy as np
import numpy.typing as npt

from stream.events.scored_event import Reason
from stream.features.feature import Feature
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


def top_reasons(
    logits: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
    raw: npt.NDArray[np.float32],
    row: npt.NDArray[np.float32],
    kind: str,
    specification: FeatureSpecification,
) -> list[Reason]:
    """Return the three features that raise a row's logit most, greatest first.

    Args:
        logits: Of standardised rows.
        raw: The row as features were made, float32 [features].
        row: The same row standardised.
        kind: What the line calls its subjects.
        specification: What stands in which column.
    """
    groups = _groups(specification)
    occluded = np.tile(row.astype(np.float64), (len(groups) + 1, 1))
    for at, (_, columns) in enumerate(groups):
        occluded[at + 1, columns] = 0.0
    found = logits(occluded)
    contributions = found[0] - found[1:]
    raising = [at for at in np.argsort(-contributions, kind="stable").tolist() if contributions[at] > 0]
    said = (at for at in raising if _says_something(specification.features[groups[at][0]], raw[groups[at][0]]))
    return [_reason(groups[at][0], raw, float(contributions[at]), kind, specification) for at in islice(said, TOP)]


def _says_something(feature: Feature, value: np.float32) -> bool:
    return feature.absent is None or value != np.float32(feature.absent)


def _reason(
    column: int, raw: npt.NDArray[np.float32], contribution: float, kind: str, specification: FeatureSpecification
) -> Reason:
    feature = specification.features[column]
    return Reason(feature.name, feature.describe(float(raw[column]), kind), contribution)

"""What pooled trees that are refitted with a line's labels would have made of it: the demo's yardstick."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from metalearn.evaluation.baselines.pooled_trees import RefittedTrees
from metalearn.evaluation.fits import Fits
from metalearn.evaluation.ranking import average_precision
from metalearn.support import LineSupport
from metalearn.tasks.task import Task
from stream.events.scored_event import ScoredEvent
from stream.scoring.standardisation import Standardisation

_WEIGHT = 20_000
_UNLABELLED = 5_000


def refitted_precision(
    tasks: Sequence[Task],
    scale: Standardisation,
    past: Sequence[ScoredEvent],
    labelled: set[str],
    judged: Sequence[ScoredEvent],
    frauds: set[str],
) -> float:
    """Return the average precision of trees refitted with the same labels, on the same later events.

    Args:
        tasks: The training lines.
        scale: Of the unseen line.
        past: Its events before the judged ones.
        labelled: Ids of the frauds that were labelled.
        judged: Its later events.
        frauds: Ids of all frauds.
    """
    known = np.array([event.event_id in labelled for event in past], np.bool_)
    rows = _rows(past, scale)
    others = rows[~known][-_UNLABELLED:]
    # The yardstick learns from labelled genuine rows; here it may presume ten for each fraud.
    support = LineSupport(rows[known], others[: 10 * int(known.sum())], others)
    trained = RefittedTrees().train(tasks, {"weight": _WEIGHT}, 0, Fits())
    labels = np.array([event.event_id in frauds for event in judged], np.int8)
    return average_precision(trained.adapt(support)(_rows(judged, scale)), labels)


def _rows(events: Sequence[ScoredEvent], scale: Standardisation) -> npt.NDArray[np.float32]:
    raw = np.frombuffer(b"".join(event.features for event in events), "<f4").reshape(len(events), -1)
    return np.nan_to_num(scale.apply(raw), nan=0.0)

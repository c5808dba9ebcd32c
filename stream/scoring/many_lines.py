"""Scores a batch in which rows belong to many lines."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stream.scoring.line_scorer import LineScorer, NetworkScorer, Scores
from stream.scoring.network_stack import Block


def score_each(
    scorers: Sequence[LineScorer], which: npt.NDArray[np.int64], features: npt.NDArray[np.float32]
) -> Scores:
    """Return the scores of raw rows, each by its own scorer: to the bit the scores that it gives them alone.

    Args:
        scorers: Each once.
        which: The scorer of each row, [n].
        features: [n, features].
    """
    if len(scorers) == 1:
        return scorers[0].score(features)
    score, anomaly = np.empty(len(features)), np.empty(len(features))
    slot = np.zeros(len(scorers), np.int64)
    together: dict[Block | LineScorer, list[int]] = defaultdict(list)
    for number, scorer in enumerate(scorers):
        place = scorer.place if isinstance(scorer, NetworkScorer) else None
        if place is not None:
            slot[number] = place.slot
        together[scorer if place is None else place.block].append(number)
    for one, numbers in together.items():
        rows = np.flatnonzero(np.isin(which, numbers))
        if isinstance(one, Block):
            score[rows], anomaly[rows] = one.score(features[rows], slot[which[rows]])
        else:
            found = one.score(features[rows])
            score[rows], anomaly[rows] = found.score, found.anomaly
    return Scores(score, anomaly)

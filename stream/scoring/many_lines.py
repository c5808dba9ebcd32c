"""Scores a batch in which rows belong to many lines."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from metalearn.few_shot.model import SharedModel
from stream.events.scored_event import Reason
from stream.scoring.few_shot import FewShotScorer
from stream.scoring.few_shot_lines import FewShotLines
from stream.scoring.line_scorer import LineScorer, NetworkScorer, Scores
from stream.scoring.network_stack import Block, Slots

Rows = npt.NDArray[np.intp]
Together = Block | FewShotLines


def score_each(scorers: Sequence[LineScorer], which: Slots, features: npt.NDArray[np.float32]) -> Scores:
    """Return the scores of raw rows, each by its own scorer: to the bit the scores that it gives them alone.

    Args:
        scorers: Each once.
        which: The scorer of each row, [n].
        features: [n, features].
    """
    if len(scorers) == 1:
        return scorers[0].score(features)
    score, anomaly = np.empty(len(features)), np.empty(len(features))
    for scorer, rows, slot in _together(scorers, which):
        if isinstance(scorer, Together):
            score[rows], anomaly[rows] = scorer.score(features[rows], slot)
        else:
            found = scorer.score(features[rows])
            score[rows], anomaly[rows] = found.score, found.anomaly
    return Scores(score, anomaly)


def reasons_each(
    scorers: Sequence[LineScorer], which: Slots, features: npt.NDArray[np.float32], kinds: Sequence[str]
) -> list[list[Reason]]:
    """Return the top three reasons of raw rows, each by its own scorer.

    Args:
        scorers: Each once.
        which: The scorer of each row, [n].
        features: [n, features].
        kinds: What each row's line calls its subjects.
    """
    reasons: list[list[Reason]] = [[]] * len(features)
    for scorer, rows, slot in _together(scorers, which):
        if isinstance(scorer, Together):
            found = scorer.reasons(features[rows], slot, [kinds[row] for row in rows.tolist()])
        else:
            found = scorer.reasons(features[rows], kinds[rows[0]])
        for row, one in zip(rows.tolist(), found, strict=True):
            reasons[row] = one
    return reasons


def _together(scorers: Sequence[LineScorer], which: Slots) -> Iterator[tuple[Together | LineScorer, Rows, Slots]]:
    """Yield what scores some of the rows at once: lines that lie or belong together, or a scorer that stands alone.

    Yields:
        It, which rows are its own, and of lines together the slot of each.
    """
    slot = np.zeros(len(scorers), np.int64)
    few_shot: dict[SharedModel, FewShotLines] = defaultdict(FewShotLines)
    members: dict[Together | LineScorer, list[int]] = defaultdict(list)
    for number in np.unique(which).tolist():
        home, slot[number] = _home(scorers[number], few_shot)
        members[home].append(number)
    for one, numbers in members.items():
        theirs = np.zeros(len(scorers), np.bool_)
        theirs[numbers] = True
        rows = np.flatnonzero(theirs[which])
        # A line's rows one after the other, so that its weights are fetched from memory once.
        rows = rows[np.argsort(slot[which[rows]], kind="stable")]
        yield one, rows, slot[which[rows]]


def _home(scorer: LineScorer, few_shot: dict[SharedModel, FewShotLines]) -> tuple[Together | LineScorer, int]:
    """Return what scores a line's rows with those of others, itself where nothing does, and the line's slot there."""
    if isinstance(scorer, FewShotScorer):
        lines = few_shot[scorer.model.shared]
        return lines, lines.add(scorer)
    place = scorer.place if isinstance(scorer, NetworkScorer) else None
    return (scorer, 0) if place is None else (place.block, place.slot)

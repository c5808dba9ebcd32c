"""Judges new labels where a line has too few to hold any back.

Twice over, half of the labels known before are set aside, and two models are taught
without them: one with the new labels, one without. On the half set aside the labels
that are known to be sound say whether the new ones helped or harmed.
"""

from collections.abc import Callable

import numpy as np

from stream.adaptation.gate import Scorer
from stream.adaptation.paired_ranking import JudgedRows
from stream.adaptation.support_buffer import Held, Rows, rows_of
from stream.adaptation.support_sample import SupportSample

Teach = Callable[[SupportSample], Scorer]

LEAST_SUPPORT_FRAUDS = 4
_LEAST_OLDER_FRAUDS = 2
_FOLDS = 2
# Four models are taught for one verdict; some hundred negatives tell them apart well enough.
_MOST_PRESUMED = 512


def can_cross_fit(frauds: int, older: int) -> bool:
    """Return whether there are enough frauds in a support in all, and enough that are trusted."""
    return frauds >= LEAST_SUPPORT_FRAUDS and older >= _LEAST_OLDER_FRAUDS


def cross_fit(
    teach: Teach, sample: SupportSample, is_older: Callable[[Held], bool], negatives: Rows
) -> list[JudgedRows]:
    """Return, fold by fold, what models with and without the new labels score.

    Args:
        teach: Makes a scorer from a sample.
        sample: The candidate's support.
        is_older: Whether a label is trusted to judge the others.
        negatives: Rows [n, features] that no support contains.
    """
    older = [held for held in sample.frauds if is_older(held)]
    newer = [held for held in sample.frauds if not is_older(held)]
    genuine = [held for held in sample.genuine if is_older(held)]
    presumed = sample.presumed[-_MOST_PRESUMED:]
    parts = []
    for fold in range(_FOLDS):
        kept = [held for place, held in enumerate(older) if place % _FOLDS != fold]
        with_new = teach(SupportSample(kept + newer, sample.genuine, presumed))
        without = teach(SupportSample(kept, genuine, presumed))
        aside = rows_of(older[fold::_FOLDS], negatives.shape[1])
        rows = np.concatenate([aside, negatives])
        fraud = np.arange(len(rows)) < len(aside)
        parts.append(JudgedRows(with_new(rows), without(rows), fraud, np.zeros(len(rows), np.bool_)))
    return parts

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


def can_cross_fit(frauds: list[Held], known_by: int) -> bool:
    """Return whether there are enough frauds in all, and enough known before.

    Args:
        frauds: Of the candidate's support.
        known_by: How many examples had been folded for the current weights.
    """
    older = sum(held.learnt_at <= known_by for held in frauds)
    return len(frauds) >= LEAST_SUPPORT_FRAUDS and older >= _LEAST_OLDER_FRAUDS


def cross_fit(teach: Teach, sample: SupportSample, known_by: int, negatives: Rows) -> list[JudgedRows]:
    """Return, fold by fold, what models with and without the new labels score.

    Args:
        teach: Makes a scorer from a sample.
        sample: The candidate's support.
        known_by: How many examples had been folded for the current weights.
        negatives: Rows [n, features] that no support contains.
    """
    older = [held for held in sample.frauds if held.learnt_at <= known_by]
    newer = [held for held in sample.frauds if held.learnt_at > known_by]
    genuine = [held for held in sample.genuine if held.learnt_at <= known_by]
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

"""Two scorers compared fraud by fraud on the same rows.

Average precision is the mean over frauds of the precision at their own score, and AUC
the mean over frauds of the share of genuine rows below it. So both differences are
means of paired differences, one a fraud, and have a standard error.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class JudgedRows:
    """Rows that neither scorer was taught, one entry a row in every array.

    Attributes:
        candidate: The candidate's scores.
        current: The current weights' scores.
        fraud: Whether the row is labelled fraud; the rest count as genuine.
        newer: Whether its label is one that the current weights did not know.
    """

    candidate: Scores
    current: Scores
    fraud: Flags
    newer: Flags


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of both scorers, their difference, and how sure that is."""

    candidate: float
    current: float
    change: float
    standard_error: float


def precision_at_frauds(scores: Scores, fraud: Flags) -> Scores:
    """Return for each fraud the precision at its own score; equal scores stand together.

    The mean is the average precision, ties stepped over at once.
    """
    own, genuine = scores[fraud], np.sort(scores[~fraud])
    frauds_above = len(own) - np.searchsorted(np.sort(own), own, side="left")
    genuine_above = len(genuine) - np.searchsorted(genuine, own, side="left")
    return np.asarray(frauds_above / (frauds_above + genuine_above))


def genuine_below_frauds(scores: Scores, fraud: Flags) -> Scores:
    """Return for each fraud the share of genuine rows below it, ties counted half."""
    own, genuine = scores[fraud], np.sort(scores[~fraud])
    below = np.searchsorted(genuine, own, side="left") + np.searchsorted(genuine, own, side="right")
    return np.asarray(below / (2.0 * max(len(genuine), 1)))


def compare(parts: Sequence[JudgedRows], measure: Callable[[Scores, Flags], Scores]) -> Difference:
    """Return how the candidate differs from the current weights in one figure.

    Older and newer frauds are each ranked among the genuine rows alone, and the newer
    weigh at most as much as the older: a flood of new labels cannot outvote what was
    known before.

    Args:
        parts: Rows ranked among each other, part by part; at least one fraud in all.
        measure: `precision_at_frauds` or `genuine_below_frauds`.
    """
    older = [part.fraud & ~part.newer for part in parts]
    newer = [part.fraud & part.newer for part in parts]
    weights = _weights(*(sum(int(group.sum()) for group in groups) for groups in (older, newer)))
    kept = [(groups, weight) for groups, weight in zip((older, newer), weights, strict=True) if weight]
    candidate = [_measured(parts, groups, measure, "candidate") for groups, _ in kept]
    current = [_measured(parts, groups, measure, "current") for groups, _ in kept]
    heard = np.array([weight for _, weight in kept])
    ours, theirs = (float(heard @ [one.mean() for one in figures]) for figures in (candidate, current))
    changes = np.concatenate(candidate) - np.concatenate(current)
    spread = float(changes.std(ddof=1)) if len(changes) > 1 else 0.0
    counts = np.array([len(one) for one in candidate])
    return Difference(ours, theirs, ours - theirs, spread * float(np.sqrt((heard**2 / counts).sum())))


def _weights(older: int, newer: int) -> tuple[float, float]:
    heard = min(older, newer) if older else newer
    return older / (older + heard), heard / (older + heard)


def _measured(
    parts: Sequence[JudgedRows],
    groups: Sequence[Flags],
    measure: Callable[[Scores, Flags], Scores],
    side: Literal["candidate", "current"],
) -> Scores:
    measured = []
    for part, group in zip(parts, groups, strict=True):
        ranked = group | ~part.fraud
        scores: Scores = getattr(part, side)
        measured.append(measure(scores[ranked], group[ranked]))
    return np.concatenate(measured)

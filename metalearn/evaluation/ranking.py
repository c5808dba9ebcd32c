"""Figures of a ranking: how well scores put frauds first. Tied scores share one rank."""

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.floating]
Labels = npt.NDArray[np.integer]


def auc(scores: Scores, labels: Labels) -> float:
    """Return the area under the receiver operating curve; NaN where a class is absent."""
    positive = np.asarray(labels) == 1
    frauds, others = int(positive.sum()), int((~positive).sum())
    if not frauds or not others:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    rank = (last - (counts - 1) / 2)[inverse]
    return float((rank[positive].sum() - frauds * (frauds + 1) / 2) / (frauds * others))


def average_precision(scores: Scores, labels: Labels, genuine_weight: float = 1.0) -> float:
    """Return the area under precision and recall by steps; NaN where there is no fraud.

    Args:
        scores: float [n].
        labels: 1 or 0, [n].
        genuine_weight: How many rows each that is no fraud stands for.
    """
    positive = (np.asarray(labels) == 1).astype(np.float64)
    frauds = positive.sum()
    if not frauds:
        return float("nan")
    order = np.argsort(-np.asarray(scores), kind="stable")
    ranked = np.asarray(scores)[order]
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    found = np.cumsum(positive[order])[ends]
    precision = found / (found + genuine_weight * (ends + 1 - found))
    return float((np.diff(found, prepend=0.0) * precision).sum() / frauds)


def recall_at_alert_share(scores: Scores, labels: Labels, share: float) -> float:
    """Return the share of frauds among the highest-scored `share` of events.

    Of events tied at the edge, each counts with the chance of being within.
    """
    positive = (np.asarray(labels) == 1).astype(np.float64)
    return _covered(np.asarray(scores), positive, share)


def value_detection_rate(scores: Scores, labels: Labels, amounts: npt.NDArray[np.floating], share: float) -> float:
    """Return the share of defrauded value among the highest-scored `share` of events."""
    value = np.where(np.asarray(labels) == 1, np.asarray(amounts, np.float64), 0.0)
    return _covered(np.asarray(scores), value, share)


def _covered(scores: Scores, value: npt.NDArray[np.float64], share: float) -> float:
    total = value.sum()
    if not len(scores) or not total:
        return float("nan")
    room = share * len(scores)
    edge = np.sort(scores)[::-1][min(int(np.ceil(room)), len(scores)) - 1]
    above, tied = scores > edge, scores == edge
    part = min(max((room - above.sum()) / tied.sum(), 0.0), 1.0)
    return float((value[above].sum() + part * value[tied].sum()) / total)

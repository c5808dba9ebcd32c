"""Judges new weights before they score anything: they must not be worse than the current ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from stream.adaptation.paired_ranking import (
    Difference,
    Flags,
    JudgedRows,
    Scores,
    compare,
    genuine_below_frauds,
    precision_at_frauds,
)
from stream.adaptation.support_buffer import Rows

Scorer = Callable[[Rows], Scores]

LEAST_GATE_FRAUDS = 3
ENOUGH_GATE_FRAUDS = 10
TOO_FEW_LABELS = "too few labels to judge"
# The old threshold lets 1 % of the background through; a sound candidate may differ, a
# poisoned or broken one sends the background over it in bulk.
_BACKGROUND_ALERTED = 0.01
_MOST_BACKGROUND_ALERTED = 0.25
_MOST_TIED = 0.5
_LEAST_BACKGROUND = 20
# Where little is found there is little to lose, and less may be lost.
_MOST_SHARE_LOST = 0.1
# AUC moves with every row below the top, where alerts are never raised.
_AUC_SLACK = 2.0


@dataclass(frozen=True, slots=True)
class GateSet:
    """Rows that neither the candidate nor the current weights were taught.

    Attributes:
        features: [n, features], as scored.
        fraud: Whether a row is labelled fraud; the rest are labelled or presumed genuine.
        newer: Whether its label is one the current weights did not know, or too young to be trusted.
        later: Whether the event is later than every event of the candidate's support.
    """

    features: Rows
    fraud: Flags
    newer: Flags
    later: Flags

    def trusted(self) -> int:
        """Return how many frauds are old enough to judge others."""
        return int((self.fraud & ~self.newer).sum())


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a candidate may score, why, and the figures it was judged by."""

    accepted: bool
    reason: str
    figures: dict[str, float] = field(default_factory=dict)


def can_judge(fraud: Flags, newer: Flags, older_taught: int) -> bool:
    """Return whether held-back labels alone can tell a better from a worse candidate.

    Where any label at all is older than the candidate's new ones there must be enough of
    those: labels of a poisoned batch speak for the weights that learnt it.

    Args:
        fraud: Of the held-back rows.
        newer: Of the same rows.
        older_taught: How many older frauds are in the support.
    """
    older = int((fraud & ~newer).sum())
    if older or older_taught:
        return older >= LEAST_GATE_FRAUDS
    return int((fraud & newer).sum()) >= LEAST_GATE_FRAUDS


def judge(parts: Sequence[JudgedRows], tolerance: float, judged_on: str) -> Verdict:
    """Compare a candidate with the current weights on labels that neither was taught.

    A fall within the tolerance and one standard error of the paired differences is let
    pass, or chance alone would stop most sound candidates of a line with few labels. The
    older frauds must pass alone too: what newer labels gain for themselves is no answer
    to what they cost.

    Args:
        parts: Scores of both, ranked part by part; at least one fraud in all.
        tolerance: Fall in average precision that is let pass, where that is not more than a
            tenth of what there was.
        judged_on: Says in the verdict which labels these are.
    """
    precision, auc = compare(parts, precision_at_frauds), compare(parts, genuine_below_frauds)
    figures = {
        "frauds": float(sum(part.fraud.sum() for part in parts)),
        "genuine": float(max((~part.fraud).sum() for part in parts)),
        **_figures("average_precision", precision),
        **_figures("auc", auc),
    }
    for name, found, allowed in (
        ("average precision", precision, _allowed(precision, tolerance)),
        ("AUC", auc, _AUC_SLACK * tolerance),
        *_older_alone(parts, tolerance),
    ):
        if found.change < -(allowed + found.standard_error):
            reason = f"{name} fell from {found.current:.3f} to {found.candidate:.3f} on {judged_on}"
            return Verdict(False, reason, figures)
    reason = f"average precision {precision.current:.3f} before, {precision.candidate:.3f} now, on {judged_on}"
    return Verdict(True, reason, figures)


def _allowed(precision: Difference, tolerance: float) -> float:
    return min(tolerance, _MOST_SHARE_LOST * precision.current)


def _older_alone(parts: Sequence[JudgedRows], tolerance: float) -> list[tuple[str, Difference, float]]:
    if not any((part.fraud & ~part.newer).any() for part in parts):
        return []
    older = compare([_without_newer(part) for part in parts], precision_at_frauds)
    return [("average precision of the older frauds", older, _allowed(older, tolerance))]


def _without_newer(part: JudgedRows) -> JudgedRows:
    kept = ~(part.fraud & part.newer)
    return JudgedRows(part.candidate[kept], part.current[kept], part.fraud[kept], part.newer[kept])


def check_sanity(candidate: Scores, current: Scores | None) -> Verdict:
    """Refuse a candidate whose scores of the background cannot be those of a sound model.

    Args:
        candidate: The candidate's scores of background rows.
        current: The current weights' scores of the same rows; None where the candidate
            was taught no label, so that its scale alone is new.
    """
    if not np.isfinite(candidate).all():
        return Verdict(False, "scores are not finite")
    if len(candidate) < _LEAST_BACKGROUND:
        return Verdict(True, TOO_FEW_LABELS)
    tied = float(np.unique(candidate, return_counts=True)[1].max() / len(candidate))
    figures = {"background_tied": tied}
    if tied > _MOST_TIED:
        return Verdict(False, f"{tied:.0%} of the background have one and the same score", figures)
    if current is None:
        return Verdict(True, TOO_FEW_LABELS, figures)
    alerted = float((candidate > np.quantile(current, 1.0 - _BACKGROUND_ALERTED)).mean())
    figures["background_over_old_threshold"] = alerted
    if alerted > _MOST_BACKGROUND_ALERTED:
        return Verdict(False, f"{alerted:.0%} of the background are over the threshold that let 1% through", figures)
    return Verdict(True, TOO_FEW_LABELS, figures)


def later_figures(rows: JudgedRows, later: Flags) -> dict[str, float]:
    """Return both average precisions on frauds later than the whole support, nothing where there are none."""
    kept = later | ~rows.fraud
    if not (rows.fraud & later).any():
        return {}
    part = JudgedRows(rows.candidate[kept], rows.current[kept], rows.fraud[kept], rows.newer[kept])
    found = compare([part], precision_at_frauds)
    frauds = float(part.fraud.sum())
    return {"later_frauds": frauds} | {f"later_{key}": one for key, one in _figures("average_precision", found).items()}


def _figures(name: str, found: Difference) -> dict[str, float]:
    return {
        f"{name}_candidate": found.candidate,
        f"{name}_current": found.current,
        f"{name}_change": found.change,
        f"{name}_standard_error": found.standard_error,
    }

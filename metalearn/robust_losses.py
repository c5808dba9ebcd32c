"""Losses that a few wrong labels move less; each takes what `balanced_cross_entropy` takes.

All are off by default: a `ClassificationLoss()` is the balanced cross-entropy itself.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from metalearn.episode import Support
from metalearn.errors import MetalearnError
from metalearn.losses import balanced_cross_entropy, class_shares

_LOG_OF_NOTHING = -4.0


@dataclass(frozen=True, slots=True)
class ClassificationLoss:
    """The loss of a support or a query, and how it guards against wrong labels.

    Attributes:
        trimmed_share: Share of a task's frauds, those of the highest loss, that are left out;
            rounded down, so one fraud is never left out.
        reverse_weight: Weight of the reverse cross-entropy beside the plain one; 0 is none.
    """

    trimmed_share: float = 0.0
    reverse_weight: float = 0.0

    def __post_init__(self) -> None:
        """Check the switches.

        Raises:
            MetalearnError: They are out of range.
        """
        if not 0 <= self.trimmed_share < 1:
            raise MetalearnError(f"trimmed_share {self.trimmed_share}: must be at least 0 and below 1")
        if self.reverse_weight < 0:
            raise MetalearnError(f"reverse_weight {self.reverse_weight}: must not be below 0")

    def __call__(self, logits: Tensor, labels: Tensor, weights: Tensor, fraud_share: float) -> Tensor:
        """Return the loss, [...]; see `balanced_cross_entropy`."""
        kept = trimmed(logits, labels, weights, self.trimmed_share) if self.trimmed_share else weights
        if not self.reverse_weight:
            return balanced_cross_entropy(logits, labels, kept, fraud_share)
        return symmetric_cross_entropy(logits, labels, kept, fraud_share, self.reverse_weight)


def trimmed(logits: Tensor, labels: Tensor, weights: Tensor, share: float) -> Tensor:
    """Return the weights, 0 for each task's frauds of the highest loss; no gradient flows through the choice.

    Least trimmed squares (Rousseeuw, 1984) with a class-balanced loss in the square's place.

    Args:
        logits: [..., examples].
        labels: 1 or 0, [..., examples].
        weights: 0 for padding, [..., examples].
        share: Of the frauds, rounded down.

    Returns:
        [..., examples].
    """
    fraud = (labels > 0.5) & (weights > 0)
    # A fraud's loss grows as its logit falls.
    order = logits.detach().masked_fill(~fraud, torch.inf).argsort(dim=-1, stable=True)
    place = order.argsort(dim=-1)
    # Floats keep 0.2 · 10 at 2 only to their last digit.
    dropped = (share * fraud.sum(-1, keepdim=True) + 1e-6).floor()
    return torch.where(place < dropped, 0.0, weights)


def symmetric_cross_entropy(
    logits: Tensor, labels: Tensor, weights: Tensor, fraud_share: float, reverse_weight: float
) -> Tensor:
    """Return the cross-entropy plus the reverse one, in which the label is what is judged; [...].

    Wang, Ma, Chen, Luo, Yi and Bailey, "Symmetric cross entropy for robust learning with noisy
    labels", 2019, equations 5 to 7, with log 0 = -4. The reverse part is bounded, so a row that
    the model firmly contradicts pulls no harder than others.

    Args:
        logits: [..., examples].
        labels: 1 or 0, [..., examples].
        weights: Relative weight within the class, [..., examples].
        fraud_share: The share of the loss that the frauds have.
        reverse_weight: Of the reverse part.
    """
    plain = binary_cross_entropy_with_logits(logits, labels, reduction="none")
    contradicted = torch.sigmoid(logits * (1 - 2 * labels))
    losses = plain - reverse_weight * _LOG_OF_NOTHING * contradicted
    return (losses * class_shares(labels, weights, fraud_share)).sum(-1)


def trusted(support: Support, sources: npt.NDArray[np.integer], trust: npt.NDArray[np.floating]) -> Support:
    """Return a support whose rows weigh as much as their label's source is trusted.

    Args:
        support: Labelled rows.
        sources: Where each label came from (analyst, chargeback, rule), a code from 0, [examples].
        trust: Of each source, 0 for none; the row's own weight is multiplied by it. Only
            ratios within a class matter.

    Raises:
        MetalearnError: Codes do not fit, or trust is below 0.
    """
    if len(sources) != len(support):
        raise MetalearnError(f"{len(sources)} sources for {len(support)} rows: must be one each")
    if (trust < 0).any():
        raise MetalearnError("trust must not be below 0")
    return replace(support, weights=(support.weights * trust[sources]).astype(np.float32))

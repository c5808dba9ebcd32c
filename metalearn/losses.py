"""Losses of few-shot classification."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def class_shares(labels: Tensor, weights: Tensor, fraud_share: float) -> Tensor:
    """Return row weights that give the frauds `fraud_share` of the loss and the others the rest.

    Args:
        labels: 1 or 0, [..., examples].
        weights: Relative weight within the class, 0 for padding, [..., examples].
        fraud_share: In (0, 1).

    Returns:
        [..., examples], summing to 1, or to one class's share where the other is absent.
    """
    fraud, genuine = labels * weights, (1 - labels) * weights
    least = torch.finfo(labels.dtype).tiny
    of_frauds = fraud / fraud.sum(-1, keepdim=True).clamp_min(least)
    of_others = genuine / genuine.sum(-1, keepdim=True).clamp_min(least)
    return fraud_share * of_frauds + (1 - fraud_share) * of_others


def balanced_cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor, fraud_share: float) -> Tensor:
    """Return the cross-entropy at a set share of frauds, [...].

    Args:
        logits: [..., examples].
        labels: 1 or 0, [..., examples].
        weights: Relative weight within the class, [..., examples].
        fraud_share: The share of the loss that the frauds have, whatever their number.
    """
    losses = binary_cross_entropy_with_logits(logits, labels, reduction="none")
    return (losses * class_shares(labels, weights, fraud_share)).sum(-1)

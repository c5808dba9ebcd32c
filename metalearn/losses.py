"""Losses of few-shot classification, regression and metric learning; each task's own, padding left out."""

import math

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

_LOG_TWO_PI = math.log(2 * math.pi)


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


def _mean(losses: Tensor, weights: Tensor) -> Tensor:
    least = torch.finfo(losses.dtype).tiny
    return (losses * weights).sum(-1) / weights.sum(-1).clamp_min(least)


def squared_error(predictions: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Return the mean squared error, [...].

    Args:
        predictions: [..., examples].
        targets: [..., examples].
        weights: Relative weight, 0 for padding, [..., examples].
    """
    return _mean((predictions - targets) ** 2, weights)


def huber(predictions: Tensor, targets: Tensor, weights: Tensor, delta: float = 1.0) -> Tensor:
    """Return the mean of Huber's loss: half the square within `delta`, linear beyond; [...].

    Huber, "Robust estimation of a location parameter", 1964.
    """
    error = (predictions - targets).abs()
    near = error.clamp(max=delta)
    return _mean(0.5 * near**2 + delta * (error - near), weights)


def gaussian_likelihood(mean: Tensor, log_variance: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Return the mean negative log-likelihood under a Gaussian, [...].

    Args:
        mean: [..., examples].
        log_variance: [..., examples], or what broadcasts to it.
        targets: [..., examples].
        weights: Relative weight, 0 for padding, [..., examples].
    """
    losses = 0.5 * ((targets - mean) ** 2 * torch.exp(-log_variance) + log_variance + _LOG_TWO_PI)
    return _mean(losses, weights)


def triplet(embeddings: Tensor, labels: Tensor, weights: Tensor, margin: float = 1.0) -> Tensor:
    """Return the mean hinge over all triplets of an anchor, a row of its class and one of the other, [...].

    Schroff, Kalenichenko and Philbin, "FaceNet", 2015, equation 1, squared distances.

    Args:
        embeddings: [..., examples, dimensions].
        labels: 1 or 0, [..., examples].
        weights: 0 for padding, [..., examples].
        margin: By how much a row of the other class must be farther.

    Returns:
        0 where no triplet can be made.
    """
    distance = (embeddings.unsqueeze(-2) - embeddings.unsqueeze(-3)).square().sum(-1)
    same = labels.unsqueeze(-1) == labels.unsqueeze(-2)
    both = weights.unsqueeze(-1) * weights.unsqueeze(-2)
    itself = torch.eye(labels.shape[-1], dtype=torch.bool, device=labels.device)
    positive = both * (same & ~itself)
    negative = both * ~same
    hinge = torch.relu(distance.unsqueeze(-1) - distance.unsqueeze(-2) + margin)
    triplets = positive.unsqueeze(-1) * negative.unsqueeze(-2)
    least = torch.finfo(hinge.dtype).tiny
    return (hinge * triplets).sum((-3, -2, -1)) / triplets.sum((-3, -2, -1)).clamp_min(least)

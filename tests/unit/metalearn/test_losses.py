"""Losses against their definitions, padding left out."""

import numpy as np
import pytest
import torch
from scipy import stats

from metalearn.losses import gaussian_likelihood, huber, squared_error, triplet


def some(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_squared_error_is_the_mean_over_what_weighs():
    predictions, targets = some(2, 5), some(2, 5, seed=1)
    weights = torch.tensor([[1.0, 1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0, 1.0]]).double()
    found = squared_error(predictions, targets, weights)
    expected = [((predictions - targets)[0, :3] ** 2).mean(), ((predictions - targets)[1] ** 2).mean()]
    torch.testing.assert_close(found, torch.stack(expected))


@pytest.mark.parametrize("delta", [0.5, 2.0])
def test_hubers_loss_is_torchs_own(delta):
    predictions, targets = 3 * some(4, 6), some(4, 6, seed=1)
    expected = torch.nn.functional.huber_loss(predictions, targets, reduction="none", delta=delta).mean(-1)
    torch.testing.assert_close(huber(predictions, targets, torch.ones(4, 6).double(), delta), expected)


def test_the_gaussian_likelihood_is_scipys():
    mean, log_variance, targets = some(3, 7), some(3, 1, seed=1), some(3, 7, seed=2)
    expected = -stats.norm.logpdf(targets.numpy(), mean.numpy(), np.exp(0.5 * log_variance.numpy())).mean(-1)
    found = gaussian_likelihood(mean, log_variance, targets, torch.ones(3, 7).double())
    np.testing.assert_allclose(found.numpy(), expected)


def triplets_by_hand(embeddings, labels, weights, margin):
    losses = []
    count = len(labels)
    for anchor in range(count):
        for positive in range(count):
            for negative in range(count):
                real = weights[anchor] * weights[positive] * weights[negative]
                if real and anchor != positive and labels[anchor] == labels[positive] != labels[negative]:
                    near = ((embeddings[anchor] - embeddings[positive]) ** 2).sum()
                    far = ((embeddings[anchor] - embeddings[negative]) ** 2).sum()
                    losses.append(max(float(near - far + margin), 0.0))
    return np.mean(losses) if losses else 0.0


@pytest.mark.parametrize("labels", [[1, 1, 0, 0, 1, 0], [1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
def test_the_triplet_loss_is_the_mean_over_all_triplets_of_real_rows(labels):
    embeddings = some(1, 6, 3)
    labels = torch.tensor([labels]).double()
    weights = torch.tensor([[1.0, 1.0, 1.0, 1.0, 1.0, 0.0]]).double()
    expected = triplets_by_hand(embeddings[0], labels[0], weights[0], 1.0)
    assert triplet(embeddings, labels, weights).item() == pytest.approx(expected)

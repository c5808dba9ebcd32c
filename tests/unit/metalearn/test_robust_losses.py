"""Losses that wrong labels move less, by law."""

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from metalearn.episode import support_of
from metalearn.errors import MetalearnError
from metalearn.losses import balanced_cross_entropy
from metalearn.robust_losses import ClassificationLoss, symmetric_cross_entropy, trimmed, trusted

SHARE = 0.1


def some(tasks=3, examples=12, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(tasks, examples, generator=generator, dtype=torch.float64)
    labels = (torch.arange(examples) < 5).double().expand(tasks, -1).clone()
    weights = torch.rand(tasks, examples, generator=generator, dtype=torch.float64) + 0.1
    weights[1:2, 3:6] = 0
    return logits, labels, weights


def test_with_every_switch_off_it_is_the_balanced_cross_entropy_to_the_bit():
    found = ClassificationLoss()(*some(), SHARE)
    assert torch.equal(found, balanced_cross_entropy(*some(), SHARE))


@pytest.mark.parametrize(("share", "dropped"), [(0.2, 1), (0.4, 2), (0.39, 1), (0.99, 4), (0.1, 0)])
def test_the_frauds_of_the_highest_loss_are_left_out_and_no_others(share, dropped):
    logits, labels, weights = some(tasks=1)
    losses = binary_cross_entropy_with_logits(logits, labels, reduction="none")[0, :5]
    gone = losses.argsort(descending=True)[:dropped]
    expected = weights.clone()
    expected[0, gone] = 0
    assert torch.equal(trimmed(logits, labels, weights, share), expected)
    found = ClassificationLoss(trimmed_share=share)(logits, labels, weights, SHARE)
    assert torch.equal(found, balanced_cross_entropy(logits, labels, expected, SHARE))


def test_padding_is_no_fraud_to_leave_out_and_each_task_leaves_out_its_own():
    logits, labels, weights = some()
    logits[1, 3:5] = -50.0
    found = trimmed(logits, labels, weights, 0.4)
    assert ((found == 0) & (weights > 0)).sum(1).tolist() == [2, 1, 2]
    assert torch.equal(found[:, 5:], weights[:, 5:])


def test_one_wrong_fraud_pulls_a_trimmed_loss_no_more():
    logits, labels, weights = some(tasks=1)
    logits[0, 2] = -4.0
    far = logits.clone()
    far[0, 2] = -400.0
    loss = ClassificationLoss(trimmed_share=0.2)
    assert torch.equal(loss(logits, labels, weights, SHARE), loss(far, labels, weights, SHARE))
    live = far.requires_grad_()
    (gradient,) = torch.autograd.grad(loss(live, labels, weights, SHARE).sum(), live)
    assert gradient[0, 2] == 0
    assert (gradient[0, [0, 1, 3, 4]] != 0).all()


def test_a_lone_fraud_is_never_left_out():
    logits, labels, weights = some(tasks=1)
    labels[0, 1:5] = 0
    assert torch.equal(trimmed(logits, labels, weights, 0.99), weights)


def test_the_symmetric_loss_is_its_definition():
    logits, labels, weights = some()
    chance = torch.sigmoid(logits)
    q = torch.stack([1 - labels, labels])
    p = torch.stack([1 - chance, chance])
    log_q = torch.where(q > 0, 0.0, -4.0)
    losses = -(q * p.log()).sum(0) - 0.7 * (p * log_q).sum(0)
    expected = torch.zeros(3, dtype=torch.float64)
    for task in range(3):
        for kind, share in ((1, SHARE), (0, 1 - SHARE)):
            own = labels[task] == kind
            mean = (losses[task, own] * weights[task, own]).sum() / weights[task, own].sum()
            expected[task] += share * mean
    torch.testing.assert_close(symmetric_cross_entropy(logits, labels, weights, SHARE, 0.7), expected)
    assert torch.equal(ClassificationLoss(reverse_weight=0.7)(logits, labels, weights, SHARE),
                       symmetric_cross_entropy(logits, labels, weights, SHARE, 0.7))  # fmt: skip


def test_without_its_reverse_part_the_symmetric_loss_is_the_plain_one():
    torch.testing.assert_close(symmetric_cross_entropy(*some(), SHARE, 0.0), balanced_cross_entropy(*some(), SHARE))


def test_the_reverse_part_has_no_pull_on_a_firmly_contradicted_row():
    logits, labels, weights = (torch.tensor([[value]]).double() for value in (-30.0, 1.0, 1.0))
    live = logits.requires_grad_()
    reverse = symmetric_cross_entropy(live, labels, weights, SHARE, 1.0) - balanced_cross_entropy(
        live, labels, weights, SHARE
    )
    (gradient,) = torch.autograd.grad(reverse.sum(), live)
    assert gradient.abs().item() < 1e-9


@pytest.mark.parametrize("loss", [ClassificationLoss(0.3), ClassificationLoss(0.0, 0.5), ClassificationLoss(0.3, 0.5)])
def test_gradients_are_those_of_finite_differences_and_padding_changes_nothing(loss):
    logits, labels, weights = some()
    assert torch.autograd.gradcheck(lambda x: loss(x, labels, weights, SHARE), logits.clone().requires_grad_())
    padded = [torch.cat([one, torch.full((3, 4), value).double()], 1) for one, value in
              ((logits, 9.0), (labels, 1.0), (weights, 0.0))]  # fmt: skip
    torch.testing.assert_close(loss(*padded, SHARE), loss(logits, labels, weights, SHARE))


@pytest.mark.parametrize(("trim", "reverse"), [(1.0, 0.0), (-0.1, 0.0), (0.0, -1.0)])
def test_switches_out_of_range_are_refused(trim, reverse):
    with pytest.raises(MetalearnError, match="must"):
        ClassificationLoss(trim, reverse)


def loss_of(support, logits):
    return balanced_cross_entropy(logits, torch.from_numpy(support.labels), torch.from_numpy(support.weights), SHARE)


def test_trust_counts_by_its_ratio_and_a_source_without_it_is_as_if_it_had_said_nothing():
    generator = np.random.default_rng(0)
    labels = (np.arange(12) < 5).astype(np.float32)
    support = support_of(generator.normal(size=(12, 2)).astype(np.float32), labels)
    sources = np.arange(12) % 3
    logits = torch.from_numpy(generator.normal(size=12).astype(np.float32))
    plain = loss_of(support, logits)
    torch.testing.assert_close(loss_of(trusted(support, sources, np.full(3, 0.4)), logits), plain)
    kept = sources != 1
    without = support_of(support.features[kept], labels[kept])
    found = loss_of(trusted(support, sources, np.array([1.0, 0.0, 1.0])), logits)
    torch.testing.assert_close(found, loss_of(without, logits[torch.from_numpy(kept)]))
    assert found != plain
    twice = trusted(trusted(support, sources, np.array([1.0, 0.5, 2.0])), sources, np.array([3.0, 2.0, 1.0]))
    np.testing.assert_allclose(twice.weights, np.array([3.0, 1.0, 2.0])[sources])


def test_sources_that_do_not_fit_are_refused():
    support = support_of(np.zeros((3, 2), np.float32), np.zeros(3, np.float32))
    with pytest.raises(MetalearnError, match="2 sources for 3 rows"):
        trusted(support, np.zeros(2, np.int64), np.ones(1))
    with pytest.raises(MetalearnError, match="below 0"):
        trusted(support, np.zeros(3, np.int64), -np.ones(1))

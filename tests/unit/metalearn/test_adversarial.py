"""Frauds that move against the network, by law."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from metalearn.adversarial import Attack, attacked, encode_tensor, fgsm, some_attacked
from metalearn.errors import MetalearnError
from metalearn.inner_loop import InnerLoop
from metalearn.networks import initial_parameters
from metalearn.piecewise import encode, fit_edges
from metalearn.tasks.sampler import EpisodePlan, draw_episodes
from metalearn.tasks.task import Task
from metalearn.tasks.task_choice import Diverse, Uniform
from metalearn.training import TrainingPlan, train

PLAN = replace(
    TrainingPlan(), widths=(8,), bins=4, pooled_steps=10, meta_steps=6, meta_tasks=3, pooled_frauds=16,
    pooled_genuine=64,
)  # fmt: skip
MOVABLE = (True, False, True)


def a_task(seed, n=400, frauds=40):
    generator = np.random.default_rng(seed)
    labels = np.zeros(n, np.int8)
    labels[generator.choice(n, frauds, replace=False)] = 1
    features = generator.normal(size=(n, 3)) + labels[:, None]
    at = np.sort(generator.uniform(0, 1e6, n))
    return Task(f"t{seed}", features.astype(np.float32), labels, at, at + 5e4)


def same(first, second):
    return all(np.array_equal(first.layers[name], second.layers[name]) for name in first.layers)


def test_a_linear_loss_moves_every_masked_feature_by_epsilon_along_its_sign_and_no_other():
    rows = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    slope = torch.tensor([2.0, -3.0, -0.1])
    found = fgsm(lambda x: (x @ slope).sum(), rows, torch.tensor([1.0, 0.0, 1.0]), 0.5)
    torch.testing.assert_close(found - rows, torch.tensor([0.5, 0.0, -0.5]).expand(4, 3))
    assert not found.requires_grad


def test_no_epsilon_and_no_mask_move_nothing_and_the_loss_never_falls_where_it_is_linear():
    rows = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))

    def loss(x):
        return (x * torch.tensor([1.0, -2.0, 0.5])).sum()

    assert torch.equal(fgsm(loss, rows, torch.ones(3), 0.0), rows)
    assert torch.equal(fgsm(loss, rows, torch.zeros(3), 1.0), rows)
    assert loss(fgsm(loss, rows, torch.ones(3), 0.3)) == pytest.approx(loss(rows).item() + 0.3 * 5 * 3.5, rel=1e-5)


def test_the_encoding_is_that_of_numpy_and_lets_gradients_through():
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(60, 3)).astype(np.float32)
    rows[:, 1] = np.round(rows[:, 1])
    rows[:, 2] = 0
    edges = fit_edges(rows, (np.arange(60) % 2).astype(np.int8), 5, generator)
    live = torch.from_numpy(rows).requires_grad_()
    found = encode_tensor(live, torch.from_numpy(edges))
    np.testing.assert_allclose(found.detach().numpy(), encode(rows, edges), atol=1e-6)
    (gradient,) = torch.autograd.grad(found.sum(), live)
    assert (gradient[:, 0] > 0).any()
    assert torch.isfinite(gradient).all()


def episodes_and_attack(epsilon=0.25, share=1.0):
    generator = np.random.default_rng(0)
    tasks = [a_task(seed) for seed in range(3)]
    rows = np.concatenate([task.features for task in tasks])
    edges = fit_edges(rows, np.concatenate([task.labels for task in tasks]), 4, generator)
    episodes = draw_episodes(tasks, 5, EpisodePlan(), generator)
    return episodes, Attack(np.array(MOVABLE), epsilon, edges, share)


def the_rest():
    parameters = initial_parameters(12, (8,), torch.Generator().manual_seed(0))
    return parameters, dict.fromkeys(parameters, 0.3), InnerLoop(3, first_order=True)


def test_only_frauds_of_the_query_move_only_where_they_can_and_never_farther():
    episodes, attack = episodes_and_attack()
    found = attacked(episodes, *the_rest(), attack, 0.1)
    for before, after in zip(episodes, found, strict=True):
        assert before.support is after.support
        away = np.abs(after.query.features - before.query.features)
        assert not away[before.query.labels == 0].any()
        assert not away[:, 1].any()
        assert away.max() <= 0.25 + 1e-6
        assert (away[before.query.labels == 1] > 0).any()


def test_a_share_of_episodes_moves():
    episodes, attack = episodes_and_attack(share=0.5)
    counts = []
    for seed in range(30):
        found = some_attacked(episodes, np.random.default_rng(seed), *the_rest(), attack, 0.1)
        counts.append(sum(one is not other for one, other in zip(found, episodes, strict=True)))
    assert 0.3 < np.mean(counts) / len(episodes) < 0.7
    none = some_attacked(episodes, np.random.default_rng(0), *the_rest(), replace(attack, share=0.0), 0.1)
    assert none == episodes


def test_off_it_changes_no_bit_of_a_training_and_on_it_does():
    tasks = [a_task(seed) for seed in range(3)]
    plain = train(tasks, PLAN)
    assert same(plain, train(tasks, replace(PLAN, movable=MOVABLE, adversarial_epsilon=2.0)))
    on = replace(PLAN, movable=MOVABLE, adversarial_share=0.5)
    assert not same(plain, train(tasks, on))
    assert same(train(tasks, on), train(tasks, on))
    assert same(plain, train(tasks, replace(on, adversarial_epsilon=0.0)))


def test_what_can_move_must_fit_the_features():
    with pytest.raises(MetalearnError, match="movable tells of 0 features and tasks have 3"):
        train([a_task(0)], replace(PLAN, adversarial_share=0.5))


def test_the_default_choice_of_tasks_is_the_uniform_one_and_another_trains_otherwise():
    tasks = [a_task(seed) for seed in range(3)]
    plain = train(tasks, PLAN)
    assert same(plain, train(tasks, PLAN, choose=lambda usable: Uniform(len(usable))))
    assert not same(plain, train(tasks, PLAN, choose=lambda _: Diverse(1.0 - np.eye(3))))

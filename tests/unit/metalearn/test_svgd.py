"""Stein variational gradient descent, by law."""

import torch

from metalearn.svgd import direction, kernel, median_bandwidth, repulsion


def some_particles(count=5, dimensions=3, seed=0):
    return torch.randn(count, dimensions, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_repulsion_is_what_autograd_makes_of_the_kernel():
    particles = some_particles()
    bandwidth = median_bandwidth(particles)
    for at in range(len(particles)):
        others = particles.clone().requires_grad_()
        values = torch.exp(-(others - particles[at]).square().sum(-1) / bandwidth)
        (gradient,) = torch.autograd.grad(values.sum(), others)
        found = repulsion(particles, kernel(particles, bandwidth), bandwidth)[at]
        torch.testing.assert_close(found, gradient.sum(0), rtol=0, atol=1e-12)


def test_one_particle_follows_the_score_alone():
    particles, scores = some_particles(1), some_particles(1, seed=1)
    torch.testing.assert_close(direction(particles, scores), scores, rtol=0, atol=0)


def test_particles_of_several_tasks_do_not_meet():
    particles = torch.stack([some_particles(seed=at) for at in range(3)])
    scores = torch.stack([some_particles(seed=9 + at) for at in range(3)])
    together = direction(particles, scores)
    for at in range(3):
        torch.testing.assert_close(together[at], direction(particles[at], scores[at]), rtol=0, atol=1e-14)


def test_fifty_particles_recover_a_gaussians_mean_and_covariance():
    mean = torch.tensor([2.0, -1.0], dtype=torch.float64)
    covariance = torch.tensor([[2.0, 0.6], [0.6, 1.0]], dtype=torch.float64)
    precision = torch.linalg.inv(covariance)
    particles = 0.5 * some_particles(50, 2)
    squares = torch.zeros_like(particles)
    for _ in range(2_000):
        ahead = direction(particles, -(particles - mean) @ precision)
        # AdaGrad with a short memory, as in the paper's own experiments.
        squares = 0.9 * squares + 0.1 * ahead**2
        particles = particles + 0.02 * ahead / (squares.sqrt() + 1e-6)
    torch.testing.assert_close(particles.mean(0), mean, rtol=0.1, atol=0)
    torch.testing.assert_close(torch.cov(particles.T), covariance, rtol=0.1, atol=0.06)

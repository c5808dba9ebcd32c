"""Stein variational gradient descent: particles that follow a posterior and keep apart.

Liu and Wang, "Stein variational gradient descent: a general purpose Bayesian inference
algorithm", 2016, algorithm 1 and section 5 for the bandwidth.
"""

import math

import torch
from torch import Tensor


def median_bandwidth(particles: Tensor) -> Tensor:
    """Return h = median squared distance over log(particles), no gradient through it, [...].

    Args:
        particles: [..., particles, dimensions].
    """
    count = particles.shape[-2]
    if count == 1:
        return particles.new_ones(particles.shape[:-2])
    with torch.no_grad():
        distance = squared_distances(particles)
        above = torch.triu_indices(count, count, 1, device=particles.device)
        median = distance[..., above[0], above[1]].median(-1).values
        return (median / math.log(count)).clamp_min(torch.finfo(particles.dtype).eps)


def squared_distances(particles: Tensor) -> Tensor:
    """Return |x_i - x_j|², [..., particles, particles].

    From inner products about the particles' mean, near which rounding costs nothing: all
    differences side by side would be as many numbers as particles times particles' weights.
    """
    about = particles - particles.mean(-2, keepdim=True)
    squares = about.square().sum(-1)
    return squares.unsqueeze(-1) + squares.unsqueeze(-2) - 2.0 * about @ about.mT


def kernel(particles: Tensor, bandwidth: Tensor) -> Tensor:
    """Return k(x_i, x_j) = exp(-|x_i - x_j|² / h), [..., particles, particles]."""
    return torch.exp(-squared_distances(particles) / bandwidth[..., None, None])


def repulsion(particles: Tensor, kernel_values: Tensor, bandwidth: Tensor) -> Tensor:
    """Return for each x_i the sum over j of the gradient of k(x_j, x_i) with respect to x_j.

    Which is 2/h · sum over j of k(x_j, x_i) (x_i - x_j), [..., particles, dimensions].
    """
    weighted = kernel_values.sum(-1, keepdim=True) * particles - kernel_values @ particles
    return 2.0 * weighted / bandwidth[..., None, None]


def direction(particles: Tensor, scores: Tensor) -> Tensor:
    """Return where each particle moves, [..., particles, dimensions].

    With one particle it is the score itself: gradient ascent to the maximum a posteriori.

    Args:
        particles: [..., particles, dimensions].
        scores: Gradient of the log posterior at each, the same shape.
    """
    bandwidth = median_bandwidth(particles)
    values = kernel(particles, bandwidth)
    return (values @ scores + repulsion(particles, values, bandwidth)) / particles.shape[-2]

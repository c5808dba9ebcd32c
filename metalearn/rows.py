"""Rows of several tasks side by side, padded to the longest."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Rows:
    """What several tasks learn from or are judged on.

    Attributes:
        inputs: [tasks, examples, features].
        targets: Labels or values, [tasks, examples].
        weights: Relative weight of a row in its task, 0 for padding, [tasks, examples].
    """

    inputs: Tensor
    targets: Tensor
    weights: Tensor

    def __len__(self) -> int:
        """Return the number of tasks."""
        return len(self.inputs)

    def with_particles(self) -> "Rows":
        """Return the rows with an axis of particles: [tasks, 1, examples, ...]."""
        return Rows(self.inputs.unsqueeze(1), self.targets.unsqueeze(1), self.weights.unsqueeze(1))


def rows_of(inputs: Tensor, targets: Tensor) -> Rows:
    """Return rows that all weigh alike.

    Args:
        inputs: [tasks, examples, features], or of one task [examples, features].
        targets: [tasks, examples], or [examples].
    """
    return Rows(inputs, targets, torch.ones_like(targets))


def joined(first: Rows, second: Rows) -> Rows:
    """Return each task's rows of both, one after the other."""
    return Rows(
        torch.cat([first.inputs, second.inputs], -2),
        torch.cat([first.targets, second.targets], -1),
        torch.cat([first.weights, second.weights], -1),
    )


def padded(tasks: Sequence[Rows]) -> Rows:
    """Return tasks of different lengths side by side; padding has weight 0.

    Args:
        tasks: The rows of each, without an axis of tasks: [examples, features] and [examples].
    """
    most = max(len(one.targets) for one in tasks)
    shape, first = (len(tasks), most), tasks[0]
    inputs = first.inputs.new_zeros(*shape, first.inputs.shape[-1])
    targets, weights = first.targets.new_zeros(shape), first.weights.new_zeros(shape)
    for at, one in enumerate(tasks):
        count = len(one.targets)
        inputs[at, :count], targets[at, :count], weights[at, :count] = one.inputs, one.targets, one.weights
    return Rows(inputs, targets, weights)

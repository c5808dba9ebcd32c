"""The inner loop: a few gradient steps on a support, through which the outer loop can see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

Loss = Callable[[Mapping[str, Tensor]], Tensor]
Rates = Mapping[str, Tensor | float]


@dataclass(frozen=True, slots=True)
class InnerLoop:
    """How a task adapts.

    Attributes:
        steps: Gradient steps.
        first_order: Whether gradients are taken as constants (FOMAML; Finn, Abbeel and
            Levine, 2017, section 5.2).
        adapted: Names of the parameters that move; None is all (MAML), the last layer's is
            ANIL (Raghu et al., 2020).
    """

    steps: int
    first_order: bool
    adapted: frozenset[str] | None = None


def descend(
    loss: Loss, parameters: Mapping[str, Tensor], rates: Rates | Callable[[int], Rates], loop: InnerLoop
) -> dict[str, Tensor]:
    """Return the parameters after the inner loop; see `trajectory`."""
    return trajectory(loss, parameters, rates, loop)[-1]


def trajectory(
    loss: Loss, parameters: Mapping[str, Tensor], rates: Rates | Callable[[int], Rates], loop: InnerLoop
) -> list[dict[str, Tensor]]:
    """Return the parameters before the inner loop and after each of its steps.

    Args:
        loss: The support's loss; with an axis of tasks the sum over them, so that no
            task's gradient touches another's parameters.
        parameters: Where the steps start.
        rates: Step size by parameter name, or by step and then by name.
        loop: How to adapt.
    """
    current = dict(parameters)
    passed = [dict(current)]
    names = [name for name in current if loop.adapted is None or name in loop.adapted]
    for step in range(loop.steps):
        of_step = rates(step) if callable(rates) else rates
        moving = {name: current[name] if current[name].requires_grad else current[name].detach().requires_grad_()
                  for name in names}  # fmt: skip
        found = torch.autograd.grad(
            loss({**current, **moving}), [moving[name] for name in names], create_graph=not loop.first_order
        )
        for name, gradient in zip(names, found, strict=True):
            current[name] = moving[name] - of_step[name] * gradient
        passed.append(dict(current))
    return passed

"""Queries in which frauds have moved: training against a fraudster who knows the score.

Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial examples", 2015,
section 4 (the fast gradient sign method). Only frauds move, and only in features that a
fraudster can move.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from metalearn.episode import Episode
from metalearn.inner_loop import InnerLoop, descend
from metalearn.losses import balanced_cross_entropy
from metalearn.maml import encoded, rows_of_supports
from metalearn.networks import for_tasks, forward


@dataclass(frozen=True, slots=True)
class Attack:
    """How frauds move.

    Attributes:
        movable: Which features a fraudster can move, bool [features].
        epsilon: How far each moves, in standard deviations.
        edges: Of the encoding's bins, float32 [features, bins + 1].
        share: Of episodes in which they do.
    """

    movable: npt.NDArray[np.bool_]
    epsilon: float
    edges: npt.NDArray[np.float32]
    share: float = 1.0


def fgsm(loss: Callable[[Tensor], Tensor], rows: Tensor, mask: Tensor, epsilon: float) -> Tensor:
    """Return rows that moved by epsilon in each masked feature, to where the loss rises.

    Args:
        loss: Of rows; a scalar.
        rows: [..., examples, features].
        mask: Where a row may move; broadcasts to the rows.
        epsilon: How far, in the rows' own units.

    Returns:
        The moved rows, without a gradient.
    """
    live = rows.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(live), live)
    return (live + epsilon * gradient.sign() * mask).detach()


def encode_tensor(rows: Tensor, edges: Tensor) -> Tensor:
    """Return what `piecewise.encode` returns, so that a gradient reaches the rows.

    Args:
        rows: [..., features].
        edges: [features, bins + 1].

    Returns:
        [..., features · bins].
    """
    low, width = edges[:, :-1], edges.diff(dim=1)
    flat = width <= 1e-6
    through = (rows.unsqueeze(-1) - low) / torch.where(flat, 1.0, width)
    return torch.where(flat, 0.0, through.clamp(0.0, 1.0)).flatten(-2)


def some_attacked(
    episodes: Sequence[Episode],
    generator: np.random.Generator,
    parameters: Mapping[str, Tensor],
    rates: Mapping[str, Tensor | float],
    loop: InnerLoop,
    attack: Attack,
    fraud_share: float,
) -> list[Episode]:
    """Return episodes, the attack's share of them `attacked`, drawn by chance."""
    moved = np.flatnonzero(generator.random(len(episodes)) < attack.share).tolist()
    if not moved:
        return list(episodes)
    found = attacked([episodes[at] for at in moved], parameters, rates, loop, attack, fraud_share)
    replaced = dict(zip(moved, found, strict=True))
    return [replaced.get(at, one) for at, one in enumerate(episodes)]


def attacked(
    episodes: Sequence[Episode],
    parameters: Mapping[str, Tensor],
    rates: Mapping[str, Tensor | float],
    loop: InnerLoop,
    attack: Attack,
    fraud_share: float,
) -> list[Episode]:
    """Return episodes whose query's frauds moved against the network that adapted to their support.

    Args:
        episodes: One for each task, standardised rows.
        parameters: The initialisation.
        rates: Inner step size by parameter name.
        loop: How a task adapts; here by first order, for only the outcome is attacked.
        attack: How frauds move.
        fraud_share: The frauds' share of the losses.
    """
    edges = torch.from_numpy(attack.edges)
    support = rows_of_supports([encoded(one.support, attack.edges) for one in episodes])
    adapted = descend(
        lambda current: balanced_cross_entropy(
            forward(current, support.inputs), support.targets, support.weights, fraud_share
        ).sum(),
        for_tasks({name: value.detach() for name, value in parameters.items()}, len(episodes)),
        {name: _plain(rate) for name, rate in rates.items()},
        replace(loop, first_order=True),
    )
    query = rows_of_supports([one.query for one in episodes])

    def loss(rows: Tensor) -> Tensor:
        logits = forward(adapted, encode_tensor(rows, edges))
        return balanced_cross_entropy(logits, query.targets, query.weights, fraud_share).sum()

    mask = query.targets.unsqueeze(-1) * torch.from_numpy(attack.movable)
    moved = fgsm(loss, query.inputs, mask, attack.epsilon).numpy()
    return [
        replace(one, query=replace(one.query, features=moved[at, : len(one.query)].copy()))
        for at, one in enumerate(episodes)
    ]


def _plain(rate: Tensor | float) -> Tensor | float:
    return rate.detach() if isinstance(rate, Tensor) else rate

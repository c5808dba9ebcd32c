"""MAML and its first-order form: adapting to a support, and the loss that the outer loop lowers.

Finn, Abbeel and Levine, "Model-agnostic meta-learning for fast adaptation of deep
networks", 2017.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from metalearn.checkpoint import Initialisation
from metalearn.episode import Episode, Support
from metalearn.inner_loop import InnerLoop, descend
from metalearn.losses import balanced_cross_entropy
from metalearn.networks import for_tasks, forward
from metalearn.piecewise import EDGES, encode

RATES = "inner.rate"

# One step for each labelled fraud, up to so many times those of training: on simulated lines
# kept out of training five steps lose with one or two frauds and twenty gain most with many.
_MOST_STEPS = 4


@dataclass(frozen=True, slots=True)
class PaddedSupport:
    """Supports of several tasks, padded to the longest; padding has weight 0."""

    features: Tensor
    labels: Tensor
    weights: Tensor


def encoded(support: Support, edges: npt.NDArray[np.float32]) -> Support:
    """Return a support whose rows are what the network takes."""
    return Support(encode(support.features, edges), support.labels, support.weights)


def pad(supports: Sequence[Support], dtype: torch.dtype = torch.float32) -> PaddedSupport:
    """Return supports side by side: [tasks, examples, inputs] and [tasks, examples]."""
    most = max(len(support) for support in supports)
    width = supports[0].features.shape[1]
    features = np.zeros((len(supports), most, width), np.float32)
    labels = np.zeros((len(supports), most), np.float32)
    weights = np.zeros((len(supports), most), np.float32)
    for at, support in enumerate(supports):
        features[at, : len(support)] = support.features
        labels[at, : len(support)] = support.labels
        weights[at, : len(support)] = support.weights
    return PaddedSupport(*(torch.from_numpy(array).to(dtype) for array in (features, labels, weights)))


def support_loss(parameters: Mapping[str, Tensor], support: PaddedSupport, fraud_share: float) -> Tensor:
    """Return each task's loss on its support, [tasks]."""
    logits = forward(parameters, support.features)
    return balanced_cross_entropy(logits, support.labels, support.weights, fraud_share)


def meta_loss(
    parameters: Mapping[str, Tensor],
    rates: Mapping[str, Tensor | float],
    episodes: Sequence[Episode],
    loop: InnerLoop,
    fraud_share: float,
    unadapted_share: float = 0.0,
) -> Tensor:
    """Return the mean query loss after each task adapted to its own support.

    Args:
        parameters: The initialisation, requiring gradients.
        rates: Inner step size by parameter name.
        episodes: One for each task, its rows as the network takes them.
        loop: How to adapt.
        fraud_share: The frauds' share of support and query loss.
        unadapted_share: Weight of the query loss before adapting, so that the
            initialisation itself can score a line without labels.
    """
    dtype = next(iter(parameters.values())).dtype
    support = pad([episode.support for episode in episodes], dtype)
    query = pad([episode.query for episode in episodes], dtype)
    adapted = descend(
        lambda current: support_loss(current, support, fraud_share).sum(),
        for_tasks(parameters, len(episodes)),
        rates,
        loop,
    )
    after = support_loss(adapted, query, fraud_share).mean()
    if not unadapted_share:
        return after
    before = support_loss(for_tasks(parameters, len(episodes)), query, fraud_share).mean()
    return (1 - unadapted_share) * after + unadapted_share * before


def adapt(
    initialisation: Initialisation, support: Support, *, steps: int | None = None, rate_scale: float = 1.0
) -> dict[str, npt.NDArray[Any]]:
    """Return the network's arrays after adapting to a support.

    Args:
        initialisation: Where to start, with its own inner steps and rates.
        support: Standardised rows of one task.
        steps: Inner steps; where None one for each labelled fraud, at most four times the
            initialisation's own.
        rate_scale: Multiplies the initialisation's own rates.

    Returns:
        `layer{i}.weight` and `layer{i}.bias`, float32, as in the initialisation.
    """
    manifest = initialisation.manifest
    parameters = {name: torch.from_numpy(array.copy()) for name, array in initialisation.layers().items()}
    count = min(int(support.labels.sum()), _MOST_STEPS * manifest.inner_steps) if steps is None else steps
    if not len(support) or not count:
        return {name: value.numpy() for name, value in parameters.items()}
    padded = pad([encoded(support, initialisation.arrays[EDGES])])
    rates = {name: rate * rate_scale for name, rate in rates_of(initialisation).items()}
    adapted = descend(
        lambda current: support_loss(current, padded, manifest.fraud_share).sum(),
        for_tasks(parameters, 1),
        rates,
        InnerLoop(count, first_order=True),
    )
    return {name: value[0].detach().numpy().copy() for name, value in adapted.items()}


def rates_of(initialisation: Initialisation) -> dict[str, float]:
    """Return the inner step size of every parameter, by name."""
    names = list(initialisation.layers())
    stored = initialisation.arrays[RATES].tolist()
    return dict(zip(names, stored, strict=True))

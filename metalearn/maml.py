"""MAML as it ships: one learner for training an initialisation and for adapting it to a line.

Finn, Abbeel and Levine, "Model-agnostic meta-learning for fast adaptation of deep
networks", 2017; rates learned by layer.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from metalearn.checkpoint import Initialisation
from metalearn.episode import Support
from metalearn.learners.learner import NetworkShape
from metalearn.learners.maml import RATE, Maml
from metalearn.losses import balanced_cross_entropy
from metalearn.networks import layer_count
from metalearn.piecewise import EDGES, encode
from metalearn.rows import Rows, padded

RATES = "inner.rate"

# One step for each labelled fraud, up to so many times those of training: on simulated lines
# kept out of training five steps lose with one or two frauds and twenty gain most with many.
_MOST_STEPS = 4


def encoded(support: Support, edges: npt.NDArray[np.float32]) -> Support:
    """Return a support whose rows are what the network takes."""
    return Support(encode(support.features, edges), support.labels, support.weights)


def rows_of_supports(supports: Sequence[Support], dtype: torch.dtype = torch.float32) -> Rows:
    """Return supports side by side, padded to the longest."""
    return padded([Rows(*(torch.from_numpy(array).to(dtype) for array in _arrays(one))) for one in supports])


def _arrays(support: Support) -> tuple[npt.NDArray[np.float32], ...]:
    return support.features, support.labels, support.weights


def fraud_learner(
    shape: NetworkShape, steps: int, fraud_share: float, *, first_order: bool, unadapted_share: float = 0.0
) -> Maml:
    """Return the learner whose state has its parameters' own rates; see `state_with`.

    Args:
        shape: Of the network.
        steps: Inner steps.
        fraud_share: The frauds' share of support and query loss.
        first_order: FOMAML where true, MAML with the Hessian's term where false.
        unadapted_share: Weight of the query loss before adapting.
    """
    loss = partial(balanced_cross_entropy, fraud_share=fraud_share)
    return Maml(
        shape,
        loss,
        steps,
        rate=1.0,
        first_order=first_order,
        learned_rates="layer",
        unadapted_share=unadapted_share,
    )


def state_with(parameters: Mapping[str, Tensor], rates: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return parameters and the inner step size of each as one state."""
    return {**parameters, **{RATE + name: rate for name, rate in rates.items()}}


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
    rows = rows_of_supports([encoded(support, initialisation.arrays[EDGES])])
    rates = {name: torch.tensor(rate * rate_scale) for name, rate in rates_of(initialisation).items()}
    learner = fraud_learner(_shape_of(parameters), count, manifest.fraud_share, first_order=True)
    adapted = learner.adapt(state_with(parameters, rates), rows)
    return {name: value[0].detach().numpy().copy() for name, value in adapted.items()}


def rates_of(initialisation: Initialisation) -> dict[str, float]:
    """Return the inner step size of every parameter, by name."""
    names = list(initialisation.layers())
    stored = initialisation.arrays[RATES].tolist()
    return dict(zip(names, stored, strict=True))


def _shape_of(parameters: Mapping[str, Tensor]) -> NetworkShape:
    weights = [parameters[f"layer{at}.weight"] for at in range(layer_count(parameters))]
    return NetworkShape(weights[0].shape[1], tuple(len(weight) for weight in weights[:-1]))

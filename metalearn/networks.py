"""Multilayer perceptrons as named tensors, for one task or many at once."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor

Parameters = Mapping[str, Tensor]
CONSTANT = "constant"
"""Name of learned inputs that are the same for every row; see `with_constants`."""


def initial_parameters(
    features: int, widths: Sequence[int], generator: torch.Generator, dtype: torch.dtype = torch.float32
) -> dict[str, Tensor]:
    """Return fresh parameters: `layer{i}.weight` [out, in], `layer{i}.bias` [out], one logit out.

    He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015, equation 10.
    """
    sizes = [features, *widths, 1]
    made: dict[str, Tensor] = {}
    for index, (inside, out) in enumerate(pairwise(sizes)):
        drawn = torch.randn(out, inside, generator=generator, dtype=dtype)
        made[f"layer{index}.weight"] = drawn * (2.0 / inside) ** 0.5 * (0.1 if out == 1 else 1.0)
        made[f"layer{index}.bias"] = torch.zeros(out, dtype=dtype)
    return made


def spread_parameters(
    features: int, widths: Sequence[int], generator: torch.Generator, dtype: torch.dtype = torch.float32
) -> dict[str, Tensor]:
    """Return fresh parameters as `initial_parameters` does, weights and biases uniform in ±1/√in.

    With one input, biases of zero would put every unit's kink on the same point.
    """
    made: dict[str, Tensor] = {}
    for index, (inside, out) in enumerate(pairwise([features, *widths, 1])):
        most = inside**-0.5
        for name, shape in (("weight", (out, inside)), ("bias", (out,))):
            drawn = torch.rand(shape, generator=generator, dtype=dtype)
            made[f"layer{index}.{name}"] = (2 * drawn - 1) * most
    return made


def with_constants(parameters: Parameters, inputs: int, constants: int) -> dict[str, Tensor]:
    """Return parameters of which some inputs are learned constants, zero at first.

    A gradient step moves them and their weights, so that the first layer's shift has a step
    size of its own that is learned with them: the bias transformation of Finn, Yu, Zhang,
    Abbeel and Levine, "One-shot visual imitation learning via meta-learning", 2017, section 4.

    Args:
        parameters: Of a network with `inputs` and `constants` inputs.
        inputs: Which come first.
        constants: How many.
    """
    weight = parameters["layer0.weight"].clone()
    weight[:, :inputs] *= (1 + constants / inputs) ** 0.5
    return {**parameters, "layer0.weight": weight, CONSTANT: weight.new_zeros(constants)}


def beside_rows(rows: Tensor, constants: Tensor) -> Tensor:
    """Return rows with the constants beside each: [..., examples, features + constants]."""
    beside = constants.unsqueeze(-2) + rows.new_zeros(*rows.shape[:-1], 1)
    return torch.cat([rows.expand(*beside.shape[:-1], rows.shape[-1]), beside], -1)


def layer_count(parameters: Mapping[str, object]) -> int:
    """Return how many layers there are."""
    return sum(name.startswith("layer") and name.endswith(".weight") for name in parameters)


def forward(parameters: Parameters, rows: Tensor) -> Tensor:
    """Return the logits of rows.

    Args:
        parameters: With or without a leading axis of tasks.
        rows: [examples, features], or [tasks, examples, features] where the parameters
            have an axis of tasks.

    Returns:
        [examples] or [tasks, examples].
    """
    hidden = rows if CONSTANT not in parameters else beside_rows(rows, parameters[CONSTANT])
    last = layer_count(parameters) - 1
    for index in range(last + 1):
        weight, bias = parameters[f"layer{index}.weight"], parameters[f"layer{index}.bias"]
        hidden = hidden @ weight.mT + bias.unsqueeze(-2)
        if index < last:
            hidden = torch.relu(hidden)
    return hidden[..., 0]


def for_tasks(parameters: Parameters, tasks: int) -> dict[str, Tensor]:
    """Return the same parameters for each of several tasks, with a leading axis of tasks."""
    return {name: value.unsqueeze(0).expand(tasks, *value.shape) for name, value in parameters.items()}

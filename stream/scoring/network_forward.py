"""Runs a network in numpy: a scorer needs no torch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Layer = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def layers_of(arrays: Mapping[str, npt.NDArray[Any]]) -> list[Layer]:
    """Return (weight [in, out], bias [out]) of every layer, in order, in double precision.

    In double precision a row's score does not depend on its batch beyond 1e-12.
    """
    count = sum(name.startswith("layer") and name.endswith(".weight") for name in arrays)
    return [
        (
            np.ascontiguousarray(arrays[f"layer{index}.weight"].T, np.float64),
            arrays[f"layer{index}.bias"].astype(np.float64),
        )
        for index in range(count)
    ]


def forward(layers: Sequence[Layer], rows: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the logit of every row.

    Args:
        layers: From `layers_of`; rectified in between.
        rows: Standardised rows [n, features].

    Returns:
        float64 [n].
    """
    hidden = rows.astype(np.float64)
    for weight, bias in layers[:-1]:
        hidden = np.maximum(hidden @ weight + bias, 0.0)
    weight, bias = layers[-1]
    return (hidden @ weight + bias)[:, 0]

"""Runs a network without torch, each row by itself: its batch never changes its score.

The first layer reads the piecewise-linear encoding (`metalearn/piecewise.py`) without
making it: what a feature adds is linear between two edges, so it is tabled at the edges.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Double = npt.NDArray[np.float64]
_FLAT = 1e-6


@dataclass(frozen=True, slots=True)
class Network:
    """A network's arrays as the kernel takes them.

    Attributes:
        edges: Of the encoding's bins, [features, bins + 1].
        at_edge: What a feature adds where its value is an edge's, [features, bins + 1, hidden].
        bias: Of the first layer, [hidden].
        layers: (weight [in, out], bias [out]) of the others.
    """

    edges: Double
    at_edge: Double
    bias: Double
    layers: tuple[tuple[Double, Double], ...]


def network_of(arrays: Mapping[str, npt.NDArray[Any]]) -> Network:
    """Return the network of a line's arrays."""
    edges = arrays["encode.edges"].astype(np.float64)
    features, bins = edges.shape[0], edges.shape[1] - 1
    first = arrays["layer0.weight"].astype(np.float64)
    of_bin = first.reshape(len(first), features, bins).transpose(1, 2, 0).copy()
    of_bin[np.diff(edges, axis=1) <= _FLAT] = 0.0
    at_edge = np.zeros((features, bins + 1, len(first)))
    at_edge[:, 1:] = np.cumsum(of_bin, axis=1)
    count = sum(name.startswith("layer") and name.endswith(".weight") for name in arrays)
    others = tuple(
        (np.ascontiguousarray(arrays[f"layer{at}.weight"].T, np.float64), arrays[f"layer{at}.bias"].astype(np.float64))
        for at in range(1, count)
    )
    return Network(edges, at_edge, arrays["layer0.bias"].astype(np.float64), others)


def copied(network: Network) -> Network:
    """Return a network with arrays of its own."""
    layers = tuple((weight.copy(), bias.copy()) for weight, bias in network.layers)
    return Network(network.edges.copy(), network.at_edge.copy(), network.bias.copy(), layers)


@numba.njit(cache=True, nogil=True)
def add_first_layer(row: Double, edges: Double, at_edge: Double, bias: Double, made: Double) -> None:
    """Fill in what the first layer makes of one row."""
    bins, hidden = edges.shape[1] - 1, len(bias)
    for unit in range(hidden):
        made[unit] = bias[unit]
    for column in range(len(row)):
        value = row[column]
        if value <= edges[column, 0]:
            continue
        # Counting all edges is faster than stopping at one: it has no branch to mispredict.
        at = 0
        for edge in range(1, bins + 1):
            at += edges[column, edge] < value
        if at == bins:
            for unit in range(hidden):
                made[unit] += at_edge[column, bins, unit]
            continue
        # The value lies above the one edge and not above the other: they are never equal.
        part = (value - edges[column, at]) / (edges[column, at + 1] - edges[column, at])
        for unit in range(hidden):
            here = at_edge[column, at, unit]
            made[unit] += here + part * (at_edge[column, at + 1, unit] - here)


@numba.njit(cache=True, nogil=True)
def add_layer(row: Double, weight: Double, bias: Double, made: Double) -> None:
    """Fill in what another layer makes of one row, rectified first."""
    out = weight.shape[1]
    for unit in range(out):
        made[unit] = bias[unit]
    for column in range(len(row)):
        value = row[column]
        if value > 0.0:
            for unit in range(out):
                made[unit] += value * weight[column, unit]


@numba.njit(cache=True, nogil=True)
def _first_layer(rows: Double, edges: Double, at_edge: Double, bias: Double) -> Double:
    made = np.empty((len(rows), len(bias)))
    for row in range(len(rows)):
        add_first_layer(rows[row], edges, at_edge, bias, made[row])
    return made


@numba.njit(cache=True, nogil=True)
def _layer(rows: Double, weight: Double, bias: Double) -> Double:
    made = np.empty((len(rows), weight.shape[1]))
    for row in range(len(rows)):
        add_layer(rows[row], weight, bias, made[row])
    return made


def forward(network: Network, rows: npt.NDArray[Any]) -> Double:
    """Return the logit of every row.

    Args:
        network: From `network_of`; rectified between layers.
        rows: Standardised rows [n, features].

    Returns:
        float64 [n].
    """
    hidden = _first_layer(np.ascontiguousarray(rows, np.float64), network.edges, network.at_edge, network.bias)
    for weight, bias in network.layers:
        hidden = _layer(hidden, weight, bias)
    logits: Double = hidden[:, 0]
    return logits

"""Networks of many lines side by side, so that a batch in which each line has few rows is scored in one go.

A call for each line costs more than its rows do: with a thousand lines in one partition, four fifths of an event.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from stream.events.scored_event import Reason
from stream.features.specification import FeatureSpecification
from stream.scoring.anomaly import Anomaly, shares_of
from stream.scoring.calibration import Calibration, calibrated
from stream.scoring.network_forward import Network, add_first_layer, add_layer
from stream.scoring.reasons import rows_asked, top_reasons
from stream.scoring.standardisation import CLIP, Standardisation

Double = npt.NDArray[np.float64]
Float = npt.NDArray[np.float32]
Slots = npt.NDArray[np.int64]

# Each block of a shape has as many slots as those before it together, so that a thousand lines lie in five
# and a batch needs few calls. Memory is taken from the system as slots are filled.
_FIRST_SLOTS = 64


@dataclass(frozen=True, slots=True)
class LineParts:
    """All that scores a line's rows by a network."""

    standardisation: Standardisation
    network: Network
    calibration: Calibration
    anomaly: Anomaly
    specification: FeatureSpecification

    @property
    def shape(self) -> tuple[tuple[int, ...], ...]:
        """What lines of one block have in common."""
        net = self.network
        return (net.at_edge.shape, *(weight.shape for weight, _ in net.layers), self.anomaly.quantiles.shape)


class Block:
    """Lines whose networks have one shape."""

    def __init__(self, like: LineParts, slots: int) -> None:
        """Make room for so many lines such as this one."""
        net = like.network

        def room(one: npt.NDArray[Any]) -> npt.NDArray[Any]:
            return np.zeros((slots, *one.shape), one.dtype)

        self.slots = slots
        self._specification = like.specification
        self.free = list(range(slots))[::-1]
        self._mean = np.zeros((slots, len(net.edges)), np.float32)
        self._scale = np.ones((slots, len(net.edges)), np.float32)
        self._edges, self._at_edge, self._bias = room(net.edges), room(net.at_edge), room(net.bias)
        self._layers = [(room(weight), room(bias)) for weight, bias in net.layers]
        self._curve = np.zeros((2, slots))
        self._anomaly = room(like.anomaly.mean), room(like.anomaly.precision), room(like.anomaly.quantiles)

    def put(self, parts: LineParts) -> tuple[int, Network]:
        """Take a line; return its slot, and its network where it lies from now on."""
        at, net = self.free.pop(), parts.network
        self._mean[at], self._scale[at] = parts.standardisation.mean, parts.standardisation.scale
        self._edges[at], self._at_edge[at], self._bias[at] = net.edges, net.at_edge, net.bias
        for (weight, bias), (one, other) in zip(self._layers, net.layers, strict=True):
            weight[at], bias[at] = one, other
        self._curve[:, at] = parts.calibration.slope, parts.calibration.intercept
        mean, precision, quantiles = self._anomaly
        mean[at], precision[at], quantiles[at] = parts.anomaly.mean, parts.anomaly.precision, parts.anomaly.quantiles
        layers = tuple((weight[at], bias[at]) for weight, bias in self._layers)
        return at, Network(self._edges[at], self._at_edge[at], self._bias[at], layers)

    def score(self, features: Float, slot: Slots) -> tuple[Double, Double]:
        """Return score and anomaly of raw rows [n, features], each by the line in its slot."""
        rows = self.standardised(features, slot)
        anomaly = np.empty(len(rows))
        shares_of(rows, slot, *self._anomaly, anomaly)
        slope, intercept = self._curve
        return calibrated(self.logits(rows, slot), slope[slot], intercept[slot]), anomaly

    def reasons(self, features: Float, slot: Slots, kinds: Iterable[str]) -> list[list[Reason]]:
        """Return the top three reasons of raw rows, each by the line in its slot, whose subjects are of that kind."""
        each = np.repeat(slot, rows_asked(self._specification))
        rows = self.standardised(features, slot)
        return top_reasons(lambda asked: self.logits(asked, each), features, rows, kinds, self._specification)

    def standardised(self, features: Float, slot: Slots) -> Double:
        """Return raw rows on the scale of the line in their slot."""
        return standardised(features, slot, self._mean, self._scale)

    def logits(self, rows: Double, slot: Slots) -> Double:
        """Return the logits of standardised rows, each by the network in its slot."""
        hidden = np.empty((len(rows), self._bias.shape[1]))
        _first_layers(rows, slot, self._edges, self._at_edge, self._bias, hidden)
        for weight, bias in self._layers:
            out = np.empty((len(rows), bias.shape[1]))
            _layers(hidden, slot, weight, bias, out)
            hidden = out
        logits: Double = hidden[:, 0]
        return logits


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line lies."""

    block: Block
    slot: int


class NetworkStack:
    """Blocks of lines by the shape of their networks."""

    def __init__(self) -> None:
        """Start without lines."""
        self._blocks: dict[tuple[tuple[int, ...], ...], list[Block]] = {}

    def put(self, parts: LineParts) -> tuple[Place, Network]:
        """Take a line; return where it lies, and its network there."""
        blocks = self._blocks.setdefault(parts.shape, [])
        block = next((one for one in blocks if one.free), None)
        if block is None:
            block = Block(parts, sum(one.slots for one in blocks) or _FIRST_SLOTS)
            blocks.append(block)
        slot, network = block.put(parts)
        return Place(block, slot), network


def standardised(features: Float, slot: Slots, mean: Float, scale: Float) -> Double:
    """Return raw rows [n, features] on the scale of the line in their slot: mean and scale are [lines, features]."""
    rows = np.empty(features.shape)
    _standardise(features, slot, mean, scale, np.float32(CLIP), rows)
    return rows


# Like numpy: a scale of 0 gives infinity, which is clipped.
@numba.njit(cache=True, nogil=True, error_model="numpy")
def _standardise(features: Float, slot: Slots, mean: Float, scale: Float, clip: np.float32, rows: Double) -> None:
    for row in range(len(features)):
        at = slot[row]
        for column in range(features.shape[1]):
            value = (features[row, column] - mean[at, column]) / scale[at, column]
            # What is not known counts as the line's mean.
            rows[row, column] = 0.0 if np.isnan(value) else min(max(value, -clip), clip)


@numba.njit(cache=True, nogil=True)
def _first_layers(rows: Double, slot: Slots, edges: Double, at_edge: Double, bias: Double, made: Double) -> None:
    for row in range(len(rows)):
        at = slot[row]
        add_first_layer(rows[row], edges[at], at_edge[at], bias[at], made[row])


@numba.njit(cache=True, nogil=True)
def _layers(rows: Double, slot: Slots, weight: Double, bias: Double, made: Double) -> None:
    for row in range(len(rows)):
        add_layer(rows[row], weight[slot[row]], bias[slot[row]], made[row])

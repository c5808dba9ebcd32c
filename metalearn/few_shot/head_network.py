"""The network on evidence columns, its body shared and its head adapted to a support; numpy alone.

Sums are in float64, so that a logit is the one that torch would give, to a millionth of its size.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from metalearn.logistic_curve import sigmoid

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

CLIP = 5.0
_MATRIX = 2


@dataclass(frozen=True, slots=True)
class HeadNetwork:
    """The shared network, as it is trained and as it is run.

    Attributes:
        mean: Of the columns over the bank, float32 [columns].
        scale: Their standard deviation, float32 [columns].
        layers: `layer{i}.weight` [out, in] and `layer{i}.bias` [out], the last one's out is 1.
        rate: Learned size of the head's steps.
        steps: How many.
        fraud_share: The frauds' share of the support's loss.
        body: All layers but the last, as they are run: weight [in, out] and bias [out].
    """

    mean: Floats
    scale: Floats
    layers: dict[str, Floats]
    rate: float
    steps: int
    fraud_share: float
    body: tuple[tuple[Doubles, Doubles], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Turn the layers once: doing so for each line's rows cost more than running them."""
        body = tuple(
            (
                np.ascontiguousarray(self.layers[f"layer{index}.weight"].T, np.float64),
                self.layers[f"layer{index}.bias"].astype(np.float64),
            )
            for index in range(len(self.layers) // 2 - 1)
        )
        object.__setattr__(self, "body", body)

    def standardised(self, columns: Floats) -> Doubles:
        """Return columns as the network takes them."""
        return np.asarray(np.clip((columns.astype(np.float64) - self.mean) / self.scale, -CLIP, CLIP))

    def hidden(self, columns: Floats) -> Doubles:
        """Return what the head sees of rows, float64 [n, width]."""
        out = self.standardised(columns)
        for weight, bias in self.body:
            out = np.asarray(_rectified(out, weight, bias))
        return out

    def logits(self, columns: Floats, weight: Doubles, bias: float) -> Floats:
        """Return the logit of rows under a head, each row by itself, float32 [n]."""
        return head_logits(self.hidden(columns), weight, bias)

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[Any]]:
        """Return all of it as named arrays."""
        numbers = np.array([self.rate, self.steps, self.fraud_share], np.float64)
        named: dict[str, npt.NDArray[Any]] = {"mean": self.mean, "scale": self.scale, "numbers": numbers, **self.layers}
        return {prefix + name: array for name, array in named.items()}

    @staticmethod
    def from_arrays(arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> "HeadNetwork":
        """Return the network whose arrays these are.

        Raises:
            KeyError: One is missing.
        """
        count = sum(name.startswith(prefix + "layer") and name.endswith(".weight") for name in arrays)
        layers = {
            f"layer{index}.{part}": arrays[f"{prefix}layer{index}.{part}"]
            for index in range(count)
            for part in ("weight", "bias")
        }
        rate, steps, share = (float(one) for one in arrays[prefix + "numbers"])
        return HeadNetwork(arrays[prefix + "mean"], arrays[prefix + "scale"], layers, rate, int(steps), share)

    def check(self, columns: int) -> None:
        """Refuse layers that do not take so many columns or do not fit each other.

        Raises:
            ValueError: They do not.
        """
        width = columns
        if self.mean.shape != (columns,) or self.scale.shape != (columns,) or not (self.scale > 0).all():
            raise ValueError(f"a network on {self.mean.shape} columns, must be {columns}")
        for index in range(len(self.layers) // 2):
            weight, bias = self.layers[f"layer{index}.weight"], self.layers[f"layer{index}.bias"]
            if weight.ndim != _MATRIX or weight.shape[1] != width or bias.shape != (len(weight),):
                raise ValueError(f"layer {index} is {weight.shape}, must take {width}")
            if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
                raise ValueError(f"layer {index} holds what is not finite")
            width = len(weight)
        if not self.layers or width != 1:
            raise ValueError(f"a network with {width} outputs")

    @property
    def head(self) -> tuple[Doubles, float]:
        """The last layer before it adapts: weight [width] and bias."""
        last = len(self.layers) // 2 - 1
        return self.layers[f"layer{last}.weight"][0].astype(np.float64), float(self.layers[f"layer{last}.bias"][0])

    def adapt(self, columns: Floats, labels: Floats) -> tuple[Doubles, float]:
        """Return the last layer after its steps on a support's own rows.

        Args:
            columns: Of the support, each row without itself, float32 [n, columns].
            labels: 1 fraud, 0 genuine, float32 [n].
        """
        weight, bias = self.head
        frauds = float(labels.sum())
        if not frauds:
            return weight, bias
        hidden = self.hidden(columns)
        others = max(len(labels) - frauds, 1)
        share = np.where(labels == 1, self.fraud_share / frauds, (1 - self.fraud_share) / others)
        for _ in range(self.steps):
            pull = (sigmoid(hidden @ weight + bias) - labels) * share
            weight, bias = weight - self.rate * (pull @ hidden), bias - self.rate * float(pull.sum())
        return weight, bias


def head_logits(hidden: Doubles, weight: Doubles, bias: float) -> Floats:
    """Return the logit of rows of which a head sees float64 [n, width], float32 [n]."""
    return np.asarray(_weighted(hidden, weight.astype(np.float64, copy=False), bias))


# Row by row, so that a row's batch never changes its score.
@numba.njit(cache=True, nogil=True, fastmath={"contract"})
def _rectified(rows: Doubles, weight: Doubles, bias: Doubles) -> Doubles:
    made = np.empty((len(rows), len(bias)), np.float64)
    for row in range(len(rows)):
        made[row] = bias
        for column in range(rows.shape[1]):
            value = rows[row, column]
            if value != 0.0:
                for unit in range(len(bias)):
                    made[row, unit] += value * weight[column, unit]
        for unit in range(len(bias)):
            made[row, unit] = max(made[row, unit], 0.0)
    return made


@numba.njit(cache=True, nogil=True)
def _weighted(rows: Doubles, weight: Doubles, bias: float) -> Floats:
    made = np.empty(len(rows), np.float32)
    for row in range(len(rows)):
        total = bias
        for column in range(len(weight)):
            total += rows[row, column] * weight[column]
        made[row] = total
    return made

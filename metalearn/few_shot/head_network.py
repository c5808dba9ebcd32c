"""The network on evidence columns, its body shared and its head adapted to a support; numpy alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

CLIP = 5.0


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
    """

    mean: Floats
    scale: Floats
    layers: dict[str, Floats]
    rate: float
    steps: int
    fraud_share: float

    def standardised(self, columns: Floats) -> Floats:
        """Return columns as the network takes them."""
        return np.asarray(np.clip((columns - self.mean) / self.scale, -CLIP, CLIP), np.float32)

    def hidden(self, columns: Floats) -> Floats:
        """Return what the head sees of rows, float32 [n, width]."""
        out = self.standardised(columns)
        for index in range(len(self.layers) // 2 - 1):
            out = np.maximum(out @ self.layers[f"layer{index}.weight"].T + self.layers[f"layer{index}.bias"], 0.0)
        return out

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

    @property
    def head(self) -> tuple[Floats, float]:
        """The last layer before it adapts: weight [width] and bias."""
        last = len(self.layers) // 2 - 1
        return self.layers[f"layer{last}.weight"][0], float(self.layers[f"layer{last}.bias"][0])

    def adapt(self, columns: Floats, labels: Floats) -> tuple[Floats, float]:
        """Return the last layer after its steps on a support's own rows.

        Args:
            columns: Of the support, each row without itself, float32 [n, columns].
            labels: 1 fraud, 0 genuine, float32 [n].
        """
        weight, bias = self.head
        frauds = labels.sum()
        if not frauds:
            return weight, bias
        hidden = self.hidden(columns).astype(np.float64)
        others = max(len(labels) - frauds, 1)
        share = np.where(labels == 1, self.fraud_share / frauds, (1 - self.fraud_share) / others)
        moved, moved_bias = weight.astype(np.float64), bias
        for _ in range(self.steps):
            chance = 1.0 / (1.0 + np.exp(-(hidden @ moved + moved_bias)))
            pull = (chance - labels) * share
            moved, moved_bias = moved - self.rate * (pull @ hidden), moved_bias - self.rate * float(pull.sum())
        return moved.astype(np.float32), moved_bias

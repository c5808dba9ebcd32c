"""Sine waves to regress from a few points: the field's common yardstick."""

from dataclasses import dataclass

import torch
from torch import Tensor

from metalearn.rows import Rows, rows_of

_FARTHEST = 5.0


@dataclass(frozen=True, slots=True)
class SinusoidWorld:
    """From where waves y = A sin(w x + b) are drawn, x in ±5; each range is uniform.

    Attributes:
        amplitude: Of A.
        phase: Of b, in radians.
        frequency: Of w.
        noise: Standard deviation of y, as a share of the wave's amplitude.
    """

    amplitude: tuple[float, float] = (0.1, 5.0)
    phase: tuple[float, float] = (0.0, torch.pi)
    frequency: tuple[float, float] = (1.0, 1.0)
    noise: float = 0.0


FINN = SinusoidWorld()
"""Finn, Abbeel and Levine, "Model-agnostic meta-learning", 2017, section 5.1."""
META_SGD = SinusoidWorld(frequency=(0.8, 1.2))
"""Li, Zhou, Chen and Li, "Meta-SGD", 2017, section 4.1: the frequency varies too."""
BAYESIAN = SinusoidWorld(phase=(0.0, 2 * torch.pi), frequency=(0.5, 2.0), noise=0.01)
"""Yoon et al., "Bayesian model-agnostic meta-learning", 2018, section 5.1."""


@dataclass(frozen=True, slots=True)
class Waves:
    """Drawn waves: amplitude, frequency and phase of each, [tasks]."""

    amplitude: Tensor
    frequency: Tensor
    phase: Tensor
    noise: float

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.amplitude)

    def some(self, chosen: Tensor) -> "Waves":
        """Return some of them."""
        return Waves(self.amplitude[chosen], self.frequency[chosen], self.phase[chosen], self.noise)

    def points(self, count: int, generator: torch.Generator) -> Rows:
        """Return points of each wave, x uniform in ±5: [tasks, count]."""
        x = (2 * torch.rand(len(self), count, 1, generator=generator, dtype=self.amplitude.dtype) - 1) * _FARTHEST
        exact = self.amplitude[:, None] * torch.sin(self.frequency[:, None] * x[..., 0] + self.phase[:, None])
        spread = torch.randn(exact.shape, generator=generator, dtype=exact.dtype)
        return rows_of(x, exact + self.noise * self.amplitude[:, None] * spread)


def draw_waves(
    world: SinusoidWorld, tasks: int, generator: torch.Generator, dtype: torch.dtype = torch.float32
) -> Waves:
    """Return waves drawn from a world."""

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(tasks, generator=generator, dtype=dtype)

    return Waves(uniform(*world.amplitude), uniform(*world.frequency), uniform(*world.phase), world.noise)

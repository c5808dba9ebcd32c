"""Lines as their own scale might have come out: measured on few rows, or before habits changed.

Trees cut standardised features at exact values. Taught exact scales they know training lines by
their means, above all where a feature has few values (whether a pair is new, a count), and a new
line whose mean is a little off falls between the cuts.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ScaleNoise:
    """What standardised rows are multiplied by and what is added, float32 [features]."""

    factor: Floats
    shift: Floats

    def apply(self, rows: Floats) -> Floats:
        """Return rows [n, features] on the other scale."""
        return np.asarray(rows * self.factor + self.shift, np.float32)


def draw_scale_noise(features: int, spread: float, generator: np.random.Generator) -> ScaleNoise:
    """Return noise for each feature alone.

    Args:
        features: How many.
        spread: Of the logarithm of the factor, and of the shift; 0 changes nothing.
        generator: Of chance.
    """
    factor = np.exp(generator.normal(0.0, spread, features))
    return ScaleNoise(factor.astype(np.float32), generator.normal(0.0, spread, features).astype(np.float32))


def with_scale_noise(rows: Floats, spread: float, generator: np.random.Generator) -> Floats:
    """Return rows [n, features], each on a scale of its own."""
    factor = np.exp(generator.normal(0.0, spread, rows.shape))
    return np.asarray(rows * factor + generator.normal(0.0, spread, rows.shape), np.float32)

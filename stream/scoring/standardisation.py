"""Standardises a line's rows by the line's own unlabelled past.

But for the features that labels make: their spread tells how many labels a line has, so
a line with few would see its first known fraud ten deviations out. They keep the scale
that all lines share. Measured on the demo's line without history: average precision .07
with its own scale, .19 with the shared one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Wide: a rare column (a terminal's risk) has its news many deviations out, and the
# piecewise encoding saturates by itself. ±5 cost .05 average precision on the handbook.
CLIP = 20.0
_LEAST_SCALE = 1e-3
# So many events count as much as the initialisation's own mean and scale. A line's first days say
# little of its life: every pair is new and every count is small.
_PRIOR_EVENTS = 2_000.0


@dataclass(frozen=True, slots=True)
class Standardisation:
    """Mean and scale of each feature, float32 [features]."""

    mean: npt.NDArray[np.float32]
    scale: npt.NDArray[np.float32]

    def apply(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return rows less the mean, over the scale, clipped to ±20; float32 [n, features]."""
        # What float32 cannot hold is clipped all the same.
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            rows: npt.NDArray[np.float32] = np.clip((features - self.mean) / self.scale, -CLIP, CLIP)
        return rows


def fit_standardisation(
    rows: npt.NDArray[np.float32], prior: Standardisation | None = None, events: float | None = None
) -> Standardisation:
    """Return mean and scale of rows, pulled towards a prior where events are few.

    Args:
        rows: Unlabelled rows of the line, float32 [n, features].
        prior: The shared initialisation's; none gives the rows' own.
        events: How many events the rows were sampled from; None for as many as there are rows.
    """
    values = rows.astype(np.float64)
    count = len(values)
    if prior is None:
        mean, scale = values.mean(0), values.std(0)
    else:
        seen = count if events is None else events
        share = seen / (seen + _PRIOR_EVENTS)
        mean = share * (values.mean(0) if count else 0.0) + (1 - share) * prior.mean
        variance = share * (values.var(0) if count else 0.0) + (1 - share) * prior.scale.astype(np.float64) ** 2
        scale = np.sqrt(variance)
    return Standardisation(mean.astype(np.float32), np.maximum(scale, _LEAST_SCALE).astype(np.float32))


def keep_shared(own: Standardisation, shared: Standardisation, from_labels: npt.NDArray[np.bool_]) -> Standardisation:
    """Return a line's own scale, but the shared one where features are made of labels, bool [features]."""
    mean, scale = (np.where(from_labels, *of) for of in ((shared.mean, own.mean), (shared.scale, own.scale)))
    return Standardisation(mean, scale)


def pool(scales: Sequence[Standardisation]) -> Standardisation:
    """Return the mean of the lines' means, and the spread within and between lines."""
    means = np.stack([scale.mean for scale in scales]).astype(np.float64)
    variances = np.stack([scale.scale for scale in scales]).astype(np.float64) ** 2
    spread = np.sqrt(variances.mean(0) + means.var(0))
    return Standardisation(means.mean(0).astype(np.float32), spread.astype(np.float32))

"""How unlike a line's genuine past an event is; needs no labels.

Mahalanobis distance under a shrunk covariance, told as a quantile of the line's own rows.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_QUANTILES = 257


@dataclass(frozen=True, slots=True)
class Anomaly:
    """The genuine density of standardised rows.

    Attributes:
        mean: float64 [features].
        precision: Inverse covariance, float64 [features, features].
        quantiles: Of the squared distance of genuine rows, growing, float64 [q].
    """

    mean: npt.NDArray[np.float64]
    precision: npt.NDArray[np.float64]
    quantiles: npt.NDArray[np.float64]

    def score(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Return the share of genuine rows that are less unlike, in [0, 1); float64 [n]."""
        distance = squared_distance(rows, self.mean, self.precision)
        count = len(self.quantiles)
        inside = np.interp(distance, self.quantiles, np.arange(count) / count)
        # Beyond all known rows the score still grows, so that they keep their order.
        farthest = max(float(self.quantiles[-1]), 1e-9)
        beyond = 1.0 - farthest / (count * np.maximum(distance, farthest))
        return np.where(distance > farthest, beyond, inside)


def squared_distance(
    rows: npt.NDArray[np.float32], mean: npt.NDArray[np.float64], precision: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the squared Mahalanobis distance of every row, float64 [n]."""
    centred = rows.astype(np.float64) - mean
    distance: npt.NDArray[np.float64] = ((centred @ precision) * centred).sum(1)
    return np.maximum(distance, 0.0)


def fit_anomaly(rows: npt.NDArray[np.float32]) -> Anomaly:
    """Return the genuine density of rows.

    Args:
        rows: Standardised rows taken as genuine, float32 [n, features], n at least 1.
    """
    values = rows.astype(np.float64)
    count, width = values.shape
    mean = values.mean(0)
    centred = values - mean
    share = width / (count + width)
    covariance = (1 - share) * centred.T @ centred / count + (share + 1e-3) * np.eye(width)
    precision = np.linalg.inv(covariance)
    precision = (precision + precision.T) / 2
    distance = squared_distance(rows, mean, precision)
    quantiles = np.quantile(distance, np.linspace(0.0, 1.0, _QUANTILES))
    return Anomaly(mean, precision, np.maximum.accumulate(quantiles))

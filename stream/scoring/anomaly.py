"""How unlike a line's genuine past an event is; needs no labels.

Mahalanobis distance under a shrunk covariance, told as a quantile of the line's own rows.
"""

from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

Double = npt.NDArray[np.float64]

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
        share = np.empty(len(rows))
        shares_of(
            np.ascontiguousarray(rows, np.float64),
            np.zeros(len(rows), np.int64),
            self.mean[None],
            self.precision[None],
            self.quantiles[None],
            share,
        )
        return share


@numba.njit(cache=True, nogil=True)
def shares_of(
    rows: Double, line: npt.NDArray[np.int64], mean: Double, precision: Double, quantiles: Double, share: Double
) -> None:
    """Fill in the share of genuine rows that are less unlike, each row among those of its own line.

    Args:
        rows: Standardised, [n, features].
        line: Which line each row is of, [n].
        mean: [lines, features].
        precision: [lines, features, features].
        quantiles: [lines, q].
        share: Filled, [n].
    """
    width = rows.shape[1]
    centred, turned = np.empty(width), np.empty(width)
    for row in range(len(rows)):
        at = line[row]
        for column in range(width):
            centred[column] = rows[row, column] - mean[at, column]
            turned[column] = 0.0
        for column in range(width):
            for other in range(width):
                turned[other] += centred[column] * precision[at, column, other]
        distance = 0.0
        for column in range(width):
            distance += turned[column] * centred[column]
        share[row] = _share(max(distance, 0.0), quantiles[at])


@numba.njit(cache=True, nogil=True)
def _share(distance: float, quantiles: Double) -> float:
    count = len(quantiles)
    farthest = quantiles[count - 1]
    if distance > max(farthest, 1e-9):
        # Beyond all known rows the share still grows, so that they keep their order.
        return float(1.0 - max(farthest, 1e-9) / (count * distance))
    if distance >= farthest:
        return (count - 1) / count
    above = np.searchsorted(quantiles, distance, side="right")
    if above == 0:
        return 0.0
    part = (distance - quantiles[above - 1]) / (quantiles[above] - quantiles[above - 1])
    return float((above - 1 + part) / count)


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

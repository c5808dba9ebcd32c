"""Density ratios of single features, tabulated: how much likelier a value is among frauds than in the background."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

REACH = 5.0
"""Values beyond so many standard deviations count as this far."""
CELLS = 256
_STEP = 2 * REACH / CELLS
_GRID = np.linspace(-REACH, REACH, CELLS + 1)

_RATIO_WIDTH = 0.3
_SHRUNK_WIDTH = 0.15
_BOX = 0.2
# What is known before any row: a broad bump, and a floor far out.
_WIDE = 0.2 * np.exp(-0.5 * (_GRID / 2.0) ** 2) + 0.01
_FRAUD_PRIOR_ROWS = 1.0
_GENUINE_PRIOR_ROWS = float(np.e)


def _kernel(width: float) -> npt.NDArray[np.float64]:
    apart = (_GRID[:, None] - _GRID[None, :]) / width
    return np.asarray(np.exp(-0.5 * apart**2) / (width * np.sqrt(2 * np.pi)))


def _box(half: float) -> npt.NDArray[np.float64]:
    within: npt.NDArray[np.float64] = (np.abs(_GRID[:, None] - _GRID[None, :]) <= half + 1e-9).astype(np.float64)
    return np.asarray(within / (within.sum(1, keepdims=True) * _STEP))


_RATIO_KERNEL, _SHRUNK_KERNEL, _BOX_KERNEL = _kernel(_RATIO_WIDTH), _kernel(_SHRUNK_WIDTH), _box(_BOX)
# What a row itself adds to a sum of kernels where it lies.
_OWN_RATIO = 1.0 / (_RATIO_WIDTH * np.sqrt(2 * np.pi))
_OWN_SHRUNK = 1.0 / (_SHRUNK_WIDTH * np.sqrt(2 * np.pi))
_OWN_BOX = float(_BOX_KERNEL[CELLS // 2, CELLS // 2])


@dataclass(frozen=True, slots=True)
class KernelSums:
    """Sums of kernels over a line's frauds and background, on the grid of a feature's values.

    Attributes:
        frauds: How many frauds.
        background: How many background rows.
        fraud_ratio: For the ratio, float64 [features, CELLS + 1].
        background_ratio: The same of the background.
        fraud_shrunk: For the shrunk ratio.
        background_box: The same of the background.
    """

    frauds: int
    background: int
    fraud_ratio: npt.NDArray[np.float64]
    background_ratio: npt.NDArray[np.float64]
    fraud_shrunk: npt.NDArray[np.float64]
    background_box: npt.NDArray[np.float64]

    def tables(self) -> tuple[Floats, Floats]:
        """Return the log ratio and the shrunk log ratio at the grid, float32 [features, CELLS + 1]."""
        none = np.zeros(1)
        ratio = self._log_ratio(self.fraud_ratio, self.background_ratio, _WIDE, none, none)
        shrunk = self._log_shrunk(self.fraud_shrunk, self.background_box, none, none)
        return ratio.astype(np.float32), shrunk.astype(np.float32)

    def left_out(self, rows: Floats, *, fraud: bool) -> tuple[Floats, Floats]:
        """Return both log ratios of rows that are in the sums, each without itself, [n, features]."""
        own = np.ones(1) if fraud else np.zeros(1)
        other = 1.0 - own
        at = [_interpolated(sums, rows) for sums in (self.fraud_ratio, self.background_ratio)]
        wide = np.interp(np.clip(rows, -REACH, REACH), _GRID, _WIDE)
        ratio = self._log_ratio(at[0], at[1], wide, own, other)
        near = [_interpolated(sums, rows) for sums in (self.fraud_shrunk, self.background_box)]
        return ratio.astype(np.float32), self._log_shrunk(near[0], near[1], own, other).astype(np.float32)

    def _log_ratio(
        self,
        fraud: npt.NDArray[np.float64],
        background: npt.NDArray[np.float64],
        wide: npt.NDArray[np.float64],
        own_fraud: npt.NDArray[np.float64],
        own_background: npt.NDArray[np.float64],
    ) -> npt.NDArray[np.float64]:
        if self.frauds - own_fraud[0] <= 0:
            return np.zeros_like(fraud)
        above = np.maximum(fraud - own_fraud * _OWN_RATIO, 0.0) + _FRAUD_PRIOR_ROWS * wide
        below = np.maximum(background - own_background * _OWN_RATIO, 0.0) + _GENUINE_PRIOR_ROWS * wide
        share = (self.background - own_background + _GENUINE_PRIOR_ROWS) / (self.frauds - own_fraud + _FRAUD_PRIOR_ROWS)
        return np.asarray(np.log(above / below * share))

    def _log_shrunk(
        self,
        fraud: npt.NDArray[np.float64],
        background: npt.NDArray[np.float64],
        own_fraud: npt.NDArray[np.float64],
        own_background: npt.NDArray[np.float64],
    ) -> npt.NDArray[np.float64]:
        frauds = self.frauds - own_fraud[0]
        if frauds <= 0:
            return np.zeros_like(fraud)
        # One row more, spread evenly, so that an empty place is rare and not impossible.
        density = (np.maximum(background - own_background * _OWN_BOX, 0.0) + 1.0 / (2 * REACH)) / (
            self.background + 1.0
        )
        above = np.maximum(fraud - own_fraud * _OWN_SHRUNK, 0.0)
        return np.asarray(np.log((above / density + 1.0) / (frauds + 1.0)))


def kernel_sums(frauds: Floats, background: Floats) -> KernelSums:
    """Return the sums over rows standardised by the line's past, float32 [n, features]."""
    fraud, rest = _binned(frauds), _binned(background)
    return KernelSums(
        len(frauds),
        len(background),
        fraud @ _RATIO_KERNEL,
        rest @ _RATIO_KERNEL,
        fraud @ _SHRUNK_KERNEL,
        rest @ _BOX_KERNEL,
    )


def _binned(rows: Floats) -> npt.NDArray[np.float64]:
    """Return how many rows lie at each grid point, shared between the two nearest; [features, CELLS + 1]."""
    features = rows.shape[1]
    place = (np.clip(rows, -REACH, REACH).astype(np.float64) + REACH) / _STEP
    cell = np.minimum(place.astype(np.int64), CELLS - 1)
    part = place - cell
    at = cell + np.arange(features) * (CELLS + 1)
    length = features * (CELLS + 1)
    low = np.bincount(at.ravel(), (1.0 - part).ravel(), length)
    high = np.bincount(at.ravel() + 1, part.ravel(), length + 1)[:length]
    return np.asarray((low + high).reshape(features, CELLS + 1))


def _interpolated(table: npt.NDArray[np.float64], rows: Floats) -> npt.NDArray[np.float64]:
    place = (np.clip(rows, -REACH, REACH).astype(np.float64) + REACH) / _STEP
    cell = np.minimum(place.astype(np.int64), CELLS - 1)
    part = place - cell
    feature = np.arange(rows.shape[1])
    return np.asarray(table[feature, cell] * (1 - part) + table[feature, cell + 1] * part)

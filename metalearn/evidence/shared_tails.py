"""Shared tails: how far out a row lies where labelled frauds lie far out too, feature by feature.

Of a value, a tail is `-log((1 + n) / (B + 1))`, n of B background values lying at least so high, or so low. A
row and a fraud share a tail as far as both reach into it, less `CHANCE`, into which one value in five or so
reaches by chance. The mean over frauds is a function of the row's own tail, so it is tabulated.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ranks = npt.NDArray[np.int32]

STEPS = 128
_STEP = 0.055
"""So many steps of this size reach beyond what 1,024 background values can tell."""
CHANCE = 1.5


# A scorer asks for each batch of a line; backgrounds have few lengths.
@lru_cache(256)
def tail_steps(count: int) -> Ranks:
    """Return how many steps a value reaches into a tail where n of `count` lie at least as far, int32 [count + 1]."""
    tail = -np.log((1.0 + np.arange(count + 1)) / (count + 1.0))
    return np.asarray(np.minimum(tail / _STEP + 1e-9, STEPS - 1), np.int32)


def tail_tables(low: Ranks, high: Ranks, steps: Ranks) -> Floats:
    """Return the mean over frauds of what a row shares of their tails, float32 [features, 2, STEPS].

    Args:
        low: Background values below each fraud, int32 [k, features].
        high: Background values not above it.
        steps: From `tail_steps`.
    """
    count, features = low.shape
    reach = np.arange(STEPS)
    made = np.zeros((features, 2, STEPS), np.float32)
    for side, steps_of in enumerate(_reached(low, high, steps)):
        for one in steps_of:
            made[:, side] += _counted(np.minimum(reach, one[:, None]))
    return made / np.float32(max(count, 1))


def left_out(columns: Floats, low: Ranks, high: Ranks, steps: Ranks) -> Floats:
    """Return what each fraud shares of the others' tails, [k, features], from what it shares of all."""
    count = len(low)
    if count < 2:
        return np.zeros_like(columns)
    own = sum(_counted(one) for one in _reached(low, high, steps))
    return np.asarray((count * columns - own) / (count - 1), np.float32)


def _reached(low: Ranks, high: Ranks, steps: Ranks) -> tuple[Ranks, Ranks]:
    return steps[len(steps) - 1 - low], steps[high]


def _counted(steps: Ranks) -> Floats:
    return np.asarray(np.maximum(steps * _STEP - CHANCE, 0.0), np.float32)

"""Trees as flat arrays, walked without the library that fitted them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

_ROWS_AT_ONCE = 128


@dataclass(frozen=True, slots=True)
class Forest:
    """Binary trees whose values are added.

    Attributes:
        feature: Column that a node asks, int32 [nodes].
        threshold: A row goes left where its value is at most this, float32 [nodes].
        left: The next node; below 0 it is the leaf -1 - left. int32 [nodes].
        right: The same.
        root: Each tree's first node, below 0 for a tree of one leaf, int32 [trees].
        leaf: Values, float32 [leaves].
    """

    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    root: npt.NDArray[np.int32]
    leaf: npt.NDArray[np.float32]

    def predict(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the sum of all trees for rows [n, columns], float32 [n]."""
        out = np.zeros(len(rows), np.float32)
        _walk(rows, self.feature, self.threshold, self.left, self.right, self.root, self.leaf, out)
        return out

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays by name."""
        return {prefix + name: getattr(self, name) for name in self.__slots__}


def forest_of(arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> Forest:
    """Return the forest whose arrays these are."""
    return Forest(*(arrays[prefix + name] for name in Forest.__slots__))


def empty_forest() -> Forest:
    """Return a forest without trees."""
    return parse_lightgbm("")


def parse_lightgbm(text: str) -> Forest:
    """Return the trees of LightGBM's own text format (`Booster.model_to_string`)."""
    parts: list[list[npt.NDArray[Any]]] = []
    roots, nodes, leaves = [], 0, 0
    for block in text.split("\nTree=")[1:]:
        lines = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        values = _numbers(lines["leaf_value"])
        if int(lines["num_leaves"]) == 1:
            roots.append(-1 - leaves)
            parts.append([np.zeros(0)] * 4 + [values])
            leaves += 1
            continue
        children = [_numbers(lines[side]).astype(np.int64) for side in ("left_child", "right_child")]
        left, right = (np.where(child >= 0, child + nodes, child - leaves) for child in children)
        parts.append(
            [_numbers(lines["split_feature"]), _rounded_down(_numbers(lines["threshold"])), left, right, values]
        )
        roots.append(nodes)
        nodes += len(left)
        leaves += len(values)
    return _joined(parts, roots)


def _joined(parts: Sequence[list[npt.NDArray[Any]]], roots: list[int]) -> Forest:
    feature, threshold, left, right, leaf = (
        np.concatenate([np.zeros(0), *(part[at] for part in parts)]) for at in range(5)
    )
    return Forest(
        feature.astype(np.int32),
        threshold.astype(np.float32),
        left.astype(np.int32),
        right.astype(np.int32),
        np.array(roots, np.int32),
        leaf.astype(np.float32),
    )


def _numbers(text: str) -> npt.NDArray[np.float64]:
    return np.array(text.split(), np.float64)


def _rounded_down(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return the largest float32 not above each value: a float32 is at most the one where it is at most the other."""
    near = values.astype(np.float32)
    return np.where(near.astype(np.float64) > values, np.nextafter(near, np.float32(-np.inf)), near)


@numba.njit(cache=True, nogil=True)
def _walk(
    rows: npt.NDArray[np.float32],
    feature: npt.NDArray[np.int32],
    threshold: npt.NDArray[np.float32],
    left: npt.NDArray[np.int32],
    right: npt.NDArray[np.int32],
    root: npt.NDArray[np.int32],
    leaf: npt.NDArray[np.float32],
    out: npt.NDArray[np.float32],
) -> None:
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        last = min(first + _ROWS_AT_ONCE, len(rows))
        for tree in range(len(root)):
            for i in range(first, last):
                node = root[tree]
                while node >= 0:
                    node = left[node] if rows[i, feature[node]] <= threshold[node] else right[node]
                out[i] += leaf[-1 - node]

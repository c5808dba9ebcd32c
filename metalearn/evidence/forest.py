"""Trees as flat arrays, walked without the library that fitted them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from metalearn.evidence.array_form import formed

_ROWS_AT_ONCE = 128
# Below so few rows, and in trees of more nodes, each row finds its own way.
_FEW_ROWS = 4
_MANY_NODES = 64


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
        out = np.zeros(len(rows), np.float64)
        _walk(rows, self.feature, self.threshold, self.left, self.right, self.root, self.leaf, out)
        return out.astype(np.float32)

    def check(self, columns: int) -> None:
        """Refuse trees that a walk could get lost in or that ask for columns that rows lack.

        Raises:
            ValueError: They are.
        """
        nodes, leaves = len(self.feature), len(self.leaf)
        at = np.arange(nodes)
        for children, least in ((self.left, at), (self.right, at), (self.root, np.full(len(self.root), -1))):
            inner = children >= 0
            sound = (children < nodes) & (children > least) | ~inner & (-1 - children.astype(np.int64) < leaves)
            if len(children) != len(least) or not sound.all():
                raise ValueError("trees whose nodes do not lead to a leaf")
        if len(self.threshold) != nodes or ((self.feature < 0) | (self.feature >= columns)).any():
            raise ValueError("trees that ask for columns that are not there")

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays by name."""
        return {prefix + name: getattr(self, name) for name in self.__slots__}


def forest_of(arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> Forest:
    """Return the forest whose arrays these are.

    Raises:
        KeyError: One is missing.
        ValueError: One is of another form.
    """
    kinds = {"threshold": np.float32, "leaf": np.float32}
    return Forest(*(formed(arrays, prefix + name, kinds.get(name, np.int32), 1) for name in Forest.__slots__))


def mean_of(forests: Sequence[Forest]) -> Forest:
    """Return one forest whose sum is the mean of these forests' sums."""
    nodes = _before(np.array([len(one.feature) for one in forests]))
    leaves = _before(np.array([len(one.leaf) for one in forests]))

    def moved(name: str) -> npt.NDArray[np.int32]:
        ways = [(getattr(one, name), node, leaf) for one, node, leaf in zip(forests, nodes, leaves, strict=True)]
        return np.concatenate([np.where(way >= 0, way + node, way - leaf) for way, node, leaf in ways]).astype(np.int32)

    return Forest(
        np.concatenate([one.feature for one in forests]),
        np.concatenate([one.threshold for one in forests]),
        moved("left"),
        moved("right"),
        moved("root"),
        np.asarray(np.concatenate([one.leaf for one in forests]) / len(forests), np.float32),
    )


def empty_forest() -> Forest:
    """Return a forest without trees."""
    return parse_lightgbm("")


def parse_lightgbm(text: str) -> Forest:
    """Return the trees of LightGBM's own text format (`Booster.model_to_string`)."""
    leaves = _numbers(text, "num_leaves").astype(np.int64)
    return Forest(
        _numbers(text, "split_feature").astype(np.int32),
        _rounded_down(_numbers(text, "threshold")),
        _children(text, "left_child", leaves),
        _children(text, "right_child", leaves),
        np.where(leaves > 1, _before(leaves - 1), -1 - _before(leaves)).astype(np.int32),
        _numbers(text, "leaf_value").astype(np.float32),
    )


def _children(text: str, side: str, leaves: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    own = _numbers(text, side).astype(np.int64)
    nodes, ends = (np.repeat(_before(count), leaves - 1) for count in (leaves - 1, leaves))
    return np.where(own >= 0, own + nodes, own - ends).astype(np.int32)


def _before(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how many there are in all trees before each."""
    return np.cumsum(counts) - counts


def _numbers(text: str, name: str) -> npt.NDArray[np.float64]:
    """Return a field of all trees, one after the other."""
    values = " ".join(re.findall(rf"\n{name}=(.*)", text)).split()
    return np.array([float(value) for value in values], np.float64)


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
    out: npt.NDArray[np.float64],
) -> None:
    columns = np.empty((rows.shape[1], _ROWS_AT_ONCE), np.float32)
    at = np.empty(_ROWS_AT_ONCE, np.int32)
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        count = min(len(rows) - first, _ROWS_AT_ONCE)
        columns[:, :count] = rows[first : first + count].T
        for tree in range(len(root)):
            at[:count] = root[tree]
            last = root[tree + 1] if tree + 1 < len(root) else len(feature)
            if count >= _FEW_ROWS and 0 <= root[tree] < last <= root[tree] + _MANY_NODES:
                _sweep(columns, count, feature, threshold, left, right, root[tree], last, at)
            for i in range(count):
                node = at[i]
                while node >= 0:
                    node = left[node] if columns[feature[node], i] <= threshold[node] else right[node]
                out[first + i] += leaf[-1 - node]


# All rows of a block pass a node together: without branches, so that the compiler makes vectors of it.
@numba.njit(cache=True, nogil=True)
def _sweep(
    columns: npt.NDArray[np.float32],
    count: int,
    feature: npt.NDArray[np.int32],
    threshold: npt.NDArray[np.float32],
    left: npt.NDArray[np.int32],
    right: npt.NDArray[np.int32],
    first: int,
    last: int,
    at: npt.NDArray[np.int32],
) -> None:
    """Move the rows that are at a node in [first, last) on, where children come after their parents."""
    for node in range(first, last):
        values, edge, low, high = columns[feature[node]], threshold[node], left[node], right[node]
        here = np.int32(node)
        for i in range(count):
            child = low if values[i] <= edge else high
            at[i] = child if at[i] == here else at[i]

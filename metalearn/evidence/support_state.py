"""All that a line's support says, ready to give any row its evidence columns."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from metalearn.evidence.array_form import formed, numbers
from metalearn.evidence.column_kernel import (
    BLOCKS,
    SHARED_TAILS,
    TOTALS,
    fill_exemplars,
    fill_ratios,
    fill_tails,
    rank_rows,
)
from metalearn.evidence.density_ratio import CELLS, REACH, kernel_sums
from metalearn.evidence.exemplar import feature_weights, relevance, sorted_background, surprise_table
from metalearn.evidence.forest import Forest, forest_of
from metalearn.evidence.line_trees import COUNT, first_log_odds, fit_line_trees
from metalearn.evidence.shared_tails import STEPS, left_out, tail_steps, tail_tables
from metalearn.support import LineSupport

Floats = npt.NDArray[np.float32]
Ranks = npt.NDArray[np.int32]

_TREES = "line_trees."
_MOST_EXEMPLARS = 64
_MOST_OTHERS = 100
_MEDIAN_ROWS = 500


def network_columns(features: int) -> int:
    """Return how many columns come before the line's own trees."""
    return BLOCKS * features + TOTALS


def column_count(features: int) -> int:
    """Return how many columns a row has in all."""
    return network_columns(features) + 2 * COUNT


@dataclass(frozen=True, slots=True)
class SupportState:
    """What a support leaves behind.

    Attributes:
        frauds: How many labelled frauds it had.
        ratio: Log density ratio at the grid, float32 [features, CELLS + 1].
        shrunk: The same, shrunk to 0 where there is little evidence.
        tails: What a row shares of the frauds' tails by how far it reaches itself, float32 [features, 2, STEPS].
        background: Values of each feature in order, float32 [features, n].
        exemplar_low: Background values below each exemplar, int32 [k, features].
        exemplar_high: Background values not above it.
        relevant: How much closer frauds are to each other than chance, float32 [features].
        trees: Fitted to the line's own labels on top of `first_log_odds`.
        tree_median: Of their scores on unlabelled rows, float32 [trees].
        weights: What each feature counts in a sum over features, float32 [features].
    """

    frauds: int
    ratio: Floats
    shrunk: Floats
    tails: Floats
    background: Floats
    exemplar_low: Ranks
    exemplar_high: Ranks
    relevant: Floats
    trees: tuple[Forest, ...]
    tree_median: Floats
    weights: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Weigh the features once, not for each batch.

        Raises:
            ValueError: Their relevance is of another shape than they are.
        """
        if self.relevant.shape != (self.features,) or not self.features:
            raise ValueError(f"relevant is {self.relevant.shape}, must be {(self.features,)} of one feature at least")
        object.__setattr__(self, "weights", feature_weights(self.relevant))

    @property
    def features(self) -> int:
        """How many features a row has."""
        return len(self.background)

    def columns(self, rows: Floats) -> Floats:
        """Return the columns of rows that are not in the support.

        Args:
            rows: Standardised, the pooled score in deviations last, float32 [n, features].

        Returns:
            float32 [n, `column_count`].
        """
        out = np.zeros((len(rows), column_count(self.features)), np.float32)
        self.fill(np.ascontiguousarray(rows, np.float32), out)
        self.fill_trees(rows, out)
        return out

    def fill(self, rows: Floats, out: Floats) -> None:
        """Write all columns but those of the trees.

        Args:
            rows: As of `columns`, contiguous.
            out: Float32 [n, `column_count`], contiguous; the trees' stay as they are.
        """
        self._fill(rows, np.full(len(rows), -1, np.int32), np.zeros(len(rows), np.int32), out)

    def fill_trees(self, rows: Floats, out: Floats) -> None:
        """Write the columns of the line's own trees."""
        at = network_columns(self.features)
        first = first_log_odds(rows)
        for tree, median in zip(self.trees, self.tree_median, strict=True):
            out[:, at] = first + tree.predict(rows)
            out[:, at + 1] = out[:, at] - median
            at += 2

    def _fill(self, rows: Floats, skip: Ranks, own: Ranks, out: Floats) -> None:
        features = self.features
        low, high = (np.empty(rows.shape, np.int32) for _ in range(2))
        rank_rows(rows, self.background, low, high)
        fill_ratios(rows, self.ratio, self.shrunk, np.float32(REACH), out)
        fill_tails(low, high, own, tail_steps(self.background.shape[1]), self.tails, out)
        fill_exemplars(
            low,
            high,
            self.exemplar_low,
            self.exemplar_high,
            surprise_table(self.background.shape[1]),
            self.weights,
            self.relevant,
            skip,
            own,
            out,
        )
        out[:, BLOCKS * features + 8] = np.log1p(self.frauds)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all of it as named arrays."""
        named: dict[str, npt.NDArray[Any]] = {"frauds": np.array([self.frauds], np.int32)}
        for name in _ARRAYS:
            named[name] = getattr(self, name)
        for at, tree in enumerate(self.trees):
            named |= tree.arrays(f"{_TREES}{at}.")
        return named

    @staticmethod
    def from_arrays(named: dict[str, npt.NDArray[Any]]) -> "SupportState":
        """Return the state whose arrays these are.

        Raises:
            KeyError: An array is missing.
            ValueError: They do not fit together.
        """
        trees = tuple(forest_of(named, f"{_TREES}{at}.") for at in range(COUNT))
        kept = {name: formed(named, name, *form) for name, form in _ARRAYS.items()}
        (frauds,) = numbers(named, "frauds", 1)
        state = SupportState(frauds=int(frauds), trees=trees, **kept)
        state._check()
        return state

    def _check(self) -> None:
        features, values = self.background.shape
        count = len(self.exemplar_low)
        expected = {
            "ratio": (features, CELLS + 1),
            "shrunk": (features, CELLS + 1),
            "tails": (features, 2, STEPS),
            "exemplar_low": (count, features),
            "exemplar_high": (count, features),
            "tree_median": (COUNT,),
        }
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} is {getattr(self, name).shape}, must be {shape}")
        if self.frauds < count:
            raise ValueError(f"{count} exemplars of {self.frauds} frauds")
        for ranks in (self.exemplar_low, self.exemplar_high):
            if ((ranks < 0) | (ranks > values)).any():
                raise ValueError("exemplars that lie outside the background")
        for tree in self.trees:
            tree.check(features)


_ARRAYS: dict[str, tuple[type[np.generic], int]] = {
    "ratio": (np.float32, 2),
    "shrunk": (np.float32, 2),
    "tails": (np.float32, 3),
    "background": (np.float32, 2),
    "exemplar_low": (np.int32, 2),
    "exemplar_high": (np.int32, 2),
    "relevant": (np.float32, 1),
    "tree_median": (np.float32, 1),
}


@dataclass(frozen=True, slots=True)
class Learnt:
    """A support's state, and its own rows as the adapted head sees them.

    Attributes:
        state: For any other row.
        columns: Of the frauds and of up to 100 others, each without itself; without trees.
        labels: 1 for the frauds, float32 [n].
    """

    state: SupportState
    columns: Floats
    labels: Floats


def learn_support(support: LineSupport) -> Learnt:
    """Return what a support says.

    Args:
        support: Of any size, also without frauds; the last feature is the pooled score in deviations. Of more
            than 64 frauds the last are the exemplars.
    """
    frauds = np.ascontiguousarray(support.frauds[-_MOST_EXEMPLARS:], np.float32)
    others = np.concatenate([support.genuine, support.unlabelled]).astype(np.float32)
    background = sorted_background(others)
    low, high = (np.empty(frauds.shape, np.int32) for _ in range(2))
    rank_rows(frauds, background, low, high)
    sums = kernel_sums(support.frauds, others)
    ratio, shrunk = sums.tables()
    trees = fit_line_trees(support)
    sample = support.unlabelled[-_MEDIAN_ROWS:]
    median = [float(np.median(first_log_odds(sample) + tree.predict(sample))) if len(sample) else 0.0 for tree in trees]
    state = SupportState(
        len(support.frauds),
        ratio,
        shrunk,
        tail_tables(low, high, tail_steps(background.shape[1])),
        background,
        low,
        high,
        relevance(low, high, surprise_table(background.shape[1])),
        trees,
        np.array(median, np.float32),
    )
    chosen = (support.genuine if len(support.genuine) else support.unlabelled)[-_MOST_OTHERS:]
    own = [_left_out(state, sums, frauds, fraud=True), _left_out(state, sums, chosen, fraud=False)]
    columns = np.concatenate(own)
    labels = (np.arange(len(columns)) < len(frauds)).astype(np.float32)
    return Learnt(state, columns[:, : network_columns(state.features)], labels)


def _left_out(state: SupportState, sums: Any, rows: Floats, *, fraud: bool) -> Floats:
    features = state.features
    out = np.zeros((len(rows), column_count(features)), np.float32)
    if not len(rows):
        return out
    skip = np.arange(len(rows), dtype=np.int32) if fraud else np.full(len(rows), -1, np.int32)
    thinned = len(state.background[0]) < sums.background
    own = np.full(len(rows), 0 if fraud or thinned else 1, np.int32)
    state._fill(np.ascontiguousarray(rows, np.float32), skip, own, out)  # noqa: SLF001 - its own rows
    ratio, shrunk = sums.left_out(rows, fraud=fraud)
    out[:, features : 2 * features] = ratio
    out[:, 2 * features : 3 * features] = shrunk
    tails, totals = SHARED_TAILS * features, BLOCKS * features
    out[:, totals + 6] = ratio.sum(1)
    out[:, totals + 7] = shrunk.sum(1)
    if fraud:
        shared = left_out(
            out[:, tails:totals],
            state.exemplar_low,
            state.exemplar_high,
            tail_steps(state.background.shape[1]),
        )
        out[:, tails:totals] = shared
        out[:, totals + 9] = shared.sum(1)
    return out

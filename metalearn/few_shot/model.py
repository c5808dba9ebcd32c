"""The few-shot model: members that all lines share, and what a line makes of them.

Scoring needs neither torch nor LightGBM; adapting needs LightGBM.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from metalearn.evidence.array_form import numbers
from metalearn.evidence.column_kernel import BLOCKS, TOTALS
from metalearn.evidence.forest import Forest, forest_of
from metalearn.evidence.support_state import SupportState, column_count, learn_support, network_columns
from metalearn.few_shot.blend import COUNT, Blend, fit_blend
from metalearn.few_shot.head_network import Doubles, HeadNetwork
from metalearn.few_shot.pooled_score import PooledScale, pooled_scale
from metalearn.few_shot.reference import split_reference
from metalearn.few_shot.tails import tail_arrays, tails_of
from metalearn.logistic_curve import log_odds
from metalearn.support import LineSupport

Floats = npt.NDArray[np.float32]
Arrays = dict[str, npt.NDArray[Any]]

_SUPPORT = "support."
_TAIL = "tail."
_MOST_UNLABELLED = 2_000
FORM = 2
"""Counted up when what members read of equal columns changes: models of another form are refused."""
_FORM_1 = (6,)
EQUAL_SHARE = 1 / 3


# One model is itself alone, so that lines can be gathered by it.
@dataclass(frozen=True, slots=True, eq=False)
class SharedModel:
    """What all lines share.

    Attributes:
        pooled: Trees over all lines' rows, whose score is one more feature.
        pointwise: Trees whose sum is the log odds of fraud.
        ranking: Trees that rank.
        network: Whose head adapts.
        slope: From rarity to the log odds of fraud,
        intercept: at a share of frauds of `taught_share`.
        taught_share: The share of frauds in the bank's queries.
        prevalence: The mean share of frauds of the training lines.
        head_share: Weight of the network among the members.
    """

    pooled: Forest
    pointwise: Forest
    ranking: Forest
    network: HeadNetwork
    slope: float = 1.0
    intercept: float = 0.0
    taught_share: float = 0.5
    prevalence: float = 0.01
    head_share: float = EQUAL_SHARE

    @property
    def features(self) -> int:
        """How many features a row has, without the pooled score."""
        return (len(self.network.mean) - TOTALS) // BLOCKS - 1

    def adapt(self, support: LineSupport) -> "LineModel":
        """Return the model of a line with this support; of more than 2,000 unlabelled rows the last count."""
        reference, kept = split_reference(
            LineSupport(support.frauds, support.genuine, support.unlabelled[-_MOST_UNLABELLED:])
        )
        scale, rows = pooled_scale(reference, self.pooled)
        extended = scale.extended_support(kept, self.pooled)
        learnt = learn_support(extended)
        weight, bias = self.network.adapt(learnt.columns, learnt.labels)
        columns = learnt.state.columns(rows)
        members = self.members(columns, weight, bias)
        frauds = learnt.columns[learnt.labels == 1]
        blend = fit_blend(columns, learnt.state.features, members, frauds, self.head_share)
        return LineModel(self, scale, learnt.state, weight, bias, blend)

    def members(self, columns: Floats, weight: Doubles, bias: float) -> tuple[Floats, Floats, Floats]:
        """Return each member's scores of rows [n, columns]: head, pointwise, ranking."""
        head = self.network.logits(columns[:, : len(self.network.mean)], weight, bias)
        return head, self.pointwise.predict(columns), self.ranking.predict(columns)

    def log_odds(self, rarity: Floats, prevalence: float) -> npt.NDArray[np.float64]:
        """Return the log odds of fraud of rows so rare, on a line with this share of frauds."""
        shift = log_odds(min(max(prevalence, 1e-6), 0.5)) - log_odds(self.taught_share)
        return self.slope * rarity.astype(np.float64) + self.intercept + shift

    def arrays(self, prefix: str = "") -> Arrays:
        """Return all of it as named arrays."""
        numbers = (self.slope, self.intercept, self.taught_share, self.prevalence, self.head_share)
        return {
            prefix + "numbers": np.array([*numbers, column_count(self.features + 1), FORM], np.float64),
            **self.pooled.arrays(prefix + "pooled."),
            **self.pointwise.arrays(prefix + "pointwise."),
            **self.ranking.arrays(prefix + "ranking."),
            **self.network.arrays(prefix + "network."),
        }

    @staticmethod
    def from_arrays(arrays: Mapping[str, npt.NDArray[Any]], prefix: str = "") -> "SharedModel":
        """Return the model whose arrays these are.

        Raises:
            KeyError: One is missing.
            ValueError: They do not fit together.
        """
        if arrays[prefix + "numbers"].shape == _FORM_1:
            raise ValueError(f"members of form 1, this release reads {FORM}")
        slope, intercept, taught_share, prevalence, head_share, columns, form = numbers(arrays, prefix + "numbers", 7)
        if form != FORM:
            raise ValueError(f"members of form {form:.0f}, this release reads {FORM}")
        if slope <= 0.0 or not 0.0 < taught_share < 1.0 or not 0.0 < prevalence < 1.0:
            raise ValueError(f"a curve of slope {slope} at a share of frauds of {taught_share}")
        if not 0.0 <= head_share <= 1.0:
            raise ValueError(f"a network of weight {head_share}")
        model = SharedModel(
            forest_of(arrays, prefix + "pooled."),
            forest_of(arrays, prefix + "pointwise."),
            forest_of(arrays, prefix + "ranking."),
            HeadNetwork.from_arrays(arrays, prefix + "network."),
            slope,
            intercept,
            taught_share,
            prevalence,
            head_share,
        )
        if columns != column_count(model.features + 1):
            raise ValueError(f"members on {columns:.0f} columns, this release makes {column_count(model.features + 1)}")
        model.network.check(network_columns(model.features + 1))
        for trees in (model.pointwise, model.ranking):
            trees.check(column_count(model.features + 1))
        model.pooled.check(model.features)
        return model


@dataclass(frozen=True, slots=True)
class LineModel:
    """The shared members as adapted to one line.

    Attributes:
        shared: The members.
        scale: Of the pooled score on the line.
        state: Of the support.
        weight: The head's, float64 [width].
        bias: The head's.
        blend: How all scores are made one.
    """

    shared: SharedModel
    scale: PooledScale
    state: SupportState
    weight: Doubles
    bias: float
    blend: Blend

    def full(self, rows: Floats) -> Floats:
        """Return how rare rows are, all scores asked, float32 [n]."""
        columns = self.state.columns(self.scale.extended(rows, self.shared.pooled))
        return self.blend.full(columns, self.state.features, self.shared.members(columns, self.weight, self.bias))

    def arrays(self) -> Arrays:
        """Return what is the line's own as named arrays."""
        return {
            **{_SUPPORT + name: array for name, array in self.state.arrays().items()},
            **tail_arrays(self.blend.tails(), _TAIL),
            "pooled.scale": np.array([self.scale.mean, self.scale.scale], np.float64),
            "own.share": np.array([self.blend.own_share], np.float64),
            "head.weight": self.weight,
            "head.bias": np.array([self.bias], np.float64),
        }

    @staticmethod
    def from_arrays(shared: SharedModel, arrays: Mapping[str, npt.NDArray[Any]]) -> "LineModel":
        """Return the line's model.

        Raises:
            KeyError: An array is missing.
            ValueError: They do not fit the shared model or each other.
        """
        own = {name.removeprefix(_SUPPORT): array for name, array in arrays.items() if name.startswith(_SUPPORT)}
        state = SupportState.from_arrays(own)
        mean, scale = numbers(arrays, "pooled.scale", 2)
        (trusted,), (bias,) = numbers(arrays, "own.share", 1), numbers(arrays, "head.bias", 1)
        weight = np.asarray(arrays["head.weight"], np.float64)
        if state.features != shared.features + 1 or weight.shape != shared.network.head[0].shape:
            raise ValueError(f"evidence of {state.features} features, the shared model is for {shared.features + 1}")
        if not 0.0 <= trusted < 1.0 or scale <= 0.0:
            raise ValueError(f"own evidence of weight {trusted}, pooled score of scale {scale}")
        blend = Blend.of(tails_of(arrays, _TAIL, COUNT), trusted, shared.head_share)
        return LineModel(shared, PooledScale(mean, scale), state, weight, bias, blend)

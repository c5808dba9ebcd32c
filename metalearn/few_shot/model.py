"""The few-shot model: members that all lines share, and what a line makes of them.

Scoring needs neither torch nor LightGBM; adapting needs LightGBM.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from metalearn.evidence.column_kernel import BLOCKS, TOTALS
from metalearn.evidence.forest import Forest, forest_of
from metalearn.evidence.support_state import SupportState, column_count, learn_support, network_columns
from metalearn.few_shot.head_network import Doubles, HeadNetwork
from metalearn.few_shot.known_kinds import ENOUGH_FRAUDS, KnownKinds, own_members
from metalearn.few_shot.pooled_score import PooledScale, pooled_scale, reference_rows
from metalearn.few_shot.tails import Tail, fit_tail
from metalearn.logistic_curve import log_odds
from metalearn.support import LineSupport

Floats = npt.NDArray[np.float32]
Arrays = dict[str, npt.NDArray[Any]]

_SUPPORT = "support."
_MOST_UNLABELLED = 2_000
CASCADE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
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
        kinds: Which kinds of lines training has seen.
    """

    pooled: Forest
    pointwise: Forest
    ranking: Forest
    network: HeadNetwork
    slope: float = 1.0
    intercept: float = 0.0
    taught_share: float = 0.5
    prevalence: float = 0.01
    kinds: KnownKinds = field(default_factory=KnownKinds)

    @property
    def features(self) -> int:
        """How many features a row has, without the pooled score."""
        return (len(self.network.mean) - TOTALS) // BLOCKS - 1

    def adapt(self, support: LineSupport) -> "LineModel":
        """Return the model of a line with this support; of more than 2,000 unlabelled rows the last count."""
        support = LineSupport(support.frauds, support.genuine, support.unlabelled[-_MOST_UNLABELLED:])
        scale = pooled_scale(support, self.pooled)
        learnt = learn_support(scale.extended_support(support, self.pooled))
        weight, bias = self.network.adapt(learnt.columns, learnt.labels)
        reference = scale.extended(reference_rows(support), self.pooled)
        columns = learnt.state.columns(reference)
        is_new = len(support.frauds) >= ENOUGH_FRAUDS and self.kinds.is_new(support.unlabelled)
        members = own_members(learnt.state, columns) if is_new else self.members(columns, weight, bias)
        tails = tuple(fit_tail(one) for one in members)
        return LineModel(self, scale, learnt.state, weight, bias, tails, fit_tail(reference[:, -1]), is_new)

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
        numbers = np.array([self.slope, self.intercept, self.taught_share, self.prevalence], np.float64)
        return {
            prefix + "numbers": numbers,
            **self.pooled.arrays(prefix + "pooled."),
            **self.pointwise.arrays(prefix + "pointwise."),
            **self.ranking.arrays(prefix + "ranking."),
            **self.network.arrays(prefix + "network."),
            **self.kinds.arrays(prefix + "kinds."),
        }

    @staticmethod
    def from_arrays(arrays: Mapping[str, npt.NDArray[Any]], prefix: str = "") -> "SharedModel":
        """Return the model whose arrays these are.

        Raises:
            KeyError: One is missing.
            ValueError: They do not fit together.
        """
        slope, intercept, taught_share, prevalence = (float(one) for one in arrays[prefix + "numbers"])
        model = SharedModel(
            forest_of(arrays, prefix + "pooled."),
            forest_of(arrays, prefix + "pointwise."),
            forest_of(arrays, prefix + "ranking."),
            HeadNetwork.from_arrays(arrays, prefix + "network."),
            slope,
            intercept,
            taught_share,
            prevalence,
            kinds=KnownKinds.from_arrays(arrays, prefix + "kinds."),
        )
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
        tails: Of each member's scores on the line's own events.
        pooled_tail: Of the pooled score there.
        is_new: Whether the line is of a kind that training has not seen and has labels enough
            of its own, so that what all lines share is not asked.
    """

    shared: SharedModel
    scale: PooledScale
    state: SupportState
    weight: Doubles
    bias: float
    tails: tuple[Tail, ...]
    pooled_tail: Tail
    is_new: bool = False

    def full(self, rows: Floats) -> Floats:
        """Return how rare rows are: the mean of the members, float32 [n]."""
        columns = self.state.columns(self.scale.extended(rows, self.shared.pooled))
        if self.is_new:
            members: Sequence[Floats] = own_members(self.state, columns)
        else:
            members = self.shared.members(columns, self.weight, self.bias)
        rare = [tail.apply(one) for tail, one in zip(self.tails, members, strict=True)]
        return np.asarray(np.mean(rare, axis=0), np.float32)

    def cascade(self, rows: Floats, share: float = CASCADE_SHARE) -> Floats:
        """Return the members' mean for the rarest rows by the head and the pooled score, these two's mean for the rest.

        The pooled score is there before any member is asked, and the head alone passes over frauds that all lines know.
        """
        if self.is_new:
            return self.full(rows)
        extended = self.scale.extended(rows, self.shared.pooled)
        columns = self.state.columns(extended, trees=False)
        head = self.shared.network.logits(columns[:, : network_columns(self.state.features)], self.weight, self.bias)
        head_rare = self.tails[0].apply(head)
        rare = np.asarray((head_rare + self.pooled_tail.apply(extended[:, -1])) / 2, np.float32)
        top = np.flatnonzero(rare >= -np.log(share))
        if len(top):
            chosen = columns[top]
            self.state.fill_trees(extended[top], chosen)
            pointwise = self.tails[1].apply(self.shared.pointwise.predict(chosen))
            ranking = self.tails[2].apply(self.shared.ranking.predict(chosen))
            rare[top] = (head_rare[top] + pointwise + ranking) / 3
        return rare

    def arrays(self) -> Arrays:
        """Return what is the line's own as named arrays."""
        tails = (*self.tails, self.pooled_tail)
        return {
            **{_SUPPORT + name: array for name, array in self.state.arrays().items()},
            "pooled.scale": np.array([self.scale.mean, self.scale.scale], np.float64),
            "kind.new": np.array([self.is_new], np.float64),
            "head.weight": self.weight,
            "head.bias": np.array([self.bias], np.float64),
            "tail.scores": np.stack([tail.scores for tail in tails]),
            "tail.rarity": np.stack([tail.rarity for tail in tails]),
            "tail.excess": np.array([tail.excess for tail in tails], np.float64),
        }

    @staticmethod
    def from_arrays(shared: SharedModel, arrays: Mapping[str, npt.NDArray[Any]]) -> "LineModel":
        """Return the line's model.

        Raises:
            KeyError: An array is missing.
            ValueError: They do not fit the shared model or each other.
        """
        own = {name.removeprefix(_SUPPORT): array for name, array in arrays.items() if name.startswith(_SUPPORT)}
        tails = tuple(
            Tail(scores, rarity, float(excess))
            for scores, rarity, excess in zip(
                arrays["tail.scores"], arrays["tail.rarity"], arrays["tail.excess"], strict=True
            )
        )
        is_new = bool(arrays["kind.new"][0])
        if len(tails) < 2 or (not is_new and len(tails) != 4):
            raise ValueError(f"{len(tails)} tails")
        bias = float(arrays["head.bias"][0])
        state = SupportState.from_arrays(own)
        scale = PooledScale(*(float(one) for one in arrays["pooled.scale"]))
        if state.features != shared.features + 1 or arrays["head.weight"].shape != shared.network.head[0].shape:
            raise ValueError(f"evidence of {state.features} features, the shared model is for {shared.features + 1}")
        return LineModel(shared, scale, state, arrays["head.weight"], bias, tails[:-1], tails[-1], is_new)

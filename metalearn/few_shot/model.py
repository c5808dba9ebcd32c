"""The few-shot model: members that all lines share, and what a line makes of them.

Scoring needs neither torch nor LightGBM; adapting needs LightGBM.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from metalearn.evidence.column_kernel import BLOCKS, TOTALS
from metalearn.evidence.forest import Forest, forest_of
from metalearn.evidence.support_state import SupportState, column_count, learn_support, network_columns
from metalearn.few_shot.head_network import Doubles, HeadNetwork
from metalearn.few_shot.own_evidence import own_evidence, own_share, own_trees
from metalearn.few_shot.pooled_score import PooledScale, pooled_scale, reference_rows
from metalearn.few_shot.tails import Tail, compressed, fit_tail
from metalearn.logistic_curve import log_odds
from metalearn.support import LineSupport

Floats = npt.NDArray[np.float32]
Arrays = dict[str, npt.NDArray[Any]]

_SUPPORT = "support."
_MOST_UNLABELLED = 2_000
CASCADE_SHARE = 0.05
_TAILS = 8


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
    """

    pooled: Forest
    pointwise: Forest
    ranking: Forest
    network: HeadNetwork
    slope: float = 1.0
    intercept: float = 0.0
    taught_share: float = 0.5
    prevalence: float = 0.01

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
        pooled = fit_tail(reference[:, -1])
        frauds = scale.extended(support.frauds, self.pooled)[:, -1]
        return LineModel(
            self,
            scale,
            learnt.state,
            weight,
            bias,
            Tails(
                tuple(fit_tail(one) for one in self.members(columns, weight, bias)),
                tuple(fit_tail(one) for one in own_evidence(learnt.state, columns)),
                tuple(fit_tail(one) for one in own_trees(learnt.state, columns)),
                pooled,
            ),
            own_share(pooled.apply(frauds)),
        )

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
        )
        for trees in (model.pointwise, model.ranking):
            trees.check(column_count(model.features + 1))
        model.pooled.check(model.features)
        return model


@dataclass(frozen=True, slots=True)
class Tails:
    """Of all scores of a line, on its own events.

    Attributes:
        members: Of head, pointwise and ranking trees.
        evidence: Of density ratio and nearest exemplar.
        trees: Of the line's own trees.
        pooled: Of the pooled score.
    """

    members: tuple[Tail, ...]
    evidence: tuple[Tail, ...]
    trees: tuple[Tail, ...]
    pooled: Tail

    def all(self) -> tuple[Tail, ...]:
        """Return all of them in order."""
        return (*self.members, *self.evidence, *self.trees, self.pooled)

    @staticmethod
    def of(tails: Sequence[Tail]) -> "Tails":
        """Return what `all` made a row of.

        Raises:
            ValueError: There are more or fewer.
        """
        if len(tails) != _TAILS:
            raise ValueError(f"{len(tails)} tails, must be {_TAILS}")
        return Tails(tuple(tails[:3]), tuple(tails[3:5]), tuple(tails[5:7]), tails[7])


@dataclass(frozen=True, slots=True)
class LineModel:
    """The shared members as adapted to one line.

    Attributes:
        shared: The members.
        scale: Of the pooled score on the line.
        state: Of the support.
        weight: The head's, float64 [width].
        bias: The head's.
        tails: Of all scores.
        own_share: Weight of the line's own evidence beside the members.
    """

    shared: SharedModel
    scale: PooledScale
    state: SupportState
    weight: Doubles
    bias: float
    tails: Tails
    own_share: float

    def full(self, rows: Floats) -> Floats:
        """Return how rare rows are: the members' mean and the line's own evidence, float32 [n]."""
        columns = self.state.columns(self.scale.extended(rows, self.shared.pooled))
        members = self.shared.members(columns, self.weight, self.bias)
        shared = _mean(self.tails.members, members)
        return self._blend(compressed(shared), self._own_evidence(columns), self._own_trees(columns))

    def cascade(self, rows: Floats, share: float = CASCADE_SHARE) -> Floats:
        """Return the full word on the rarest rows by what is cheap, and the cheap word on the rest.

        Cheap are the pooled score, which is there before any member is asked, the head, and the evidence
        of the line's labels. The head alone passes over frauds that all lines know.
        """
        extended = self.scale.extended(rows, self.shared.pooled)
        columns = self.state.columns(extended, trees=False)
        head = self.shared.network.logits(columns[:, : network_columns(self.state.features)], self.weight, self.bias)
        head_rare = self.tails.members[0].apply(head)
        evidence = self._own_evidence(columns)
        shared = np.asarray((head_rare + self.tails.pooled.apply(extended[:, -1])) / 2, np.float32)
        rare = self._blend(compressed(shared), evidence, evidence)
        top = np.flatnonzero(rare >= -np.log(share))
        if len(top):
            chosen = columns[top]
            self.state.fill_trees(extended[top], chosen)
            trees = self.shared.pointwise.predict(chosen), self.shared.ranking.predict(chosen)
            members = np.asarray((head_rare[top] + 2 * _mean(self.tails.members[1:], trees)) / 3, np.float32)
            rare[top] = self._blend(compressed(members), evidence[top], self._own_trees(chosen))
        return rare

    def _own_evidence(self, columns: Floats) -> Floats:
        if not self.own_share:
            return np.zeros(len(columns), np.float32)
        return _mean(self.tails.evidence, own_evidence(self.state, columns), compressed)

    def _own_trees(self, columns: Floats) -> Floats:
        if not self.own_share:
            return np.zeros(len(columns), np.float32)
        return _mean(self.tails.trees, own_trees(self.state, columns), compressed)

    def _blend(self, shared: Floats, evidence: Floats, trees: Floats) -> Floats:
        return np.asarray((1 - self.own_share) * shared + self.own_share * (evidence + trees) / 2, np.float32)

    def arrays(self) -> Arrays:
        """Return what is the line's own as named arrays."""
        tails = self.tails.all()
        return {
            **{_SUPPORT + name: array for name, array in self.state.arrays().items()},
            "pooled.scale": np.array([self.scale.mean, self.scale.scale], np.float64),
            "own.share": np.array([self.own_share], np.float64),
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
        bias, trusted = float(arrays["head.bias"][0]), float(arrays["own.share"][0])
        if not 0.0 <= trusted < 1.0:
            raise ValueError(f"own evidence of weight {trusted}")
        state = SupportState.from_arrays(own)
        scale = PooledScale(*(float(one) for one in arrays["pooled.scale"]))
        if state.features != shared.features + 1 or arrays["head.weight"].shape != shared.network.head[0].shape:
            raise ValueError(f"evidence of {state.features} features, the shared model is for {shared.features + 1}")
        return LineModel(shared, scale, state, arrays["head.weight"], bias, Tails.of(tails), trusted)


def _mean(tails: Sequence[Tail], scores: Sequence[Floats], counted: Callable[[Floats], Floats] = np.asarray) -> Floats:
    rare = [counted(tail.apply(one)) for tail, one in zip(tails, scores, strict=True)]
    return np.asarray(np.mean(rare, axis=0), np.float32)

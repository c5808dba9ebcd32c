"""The few-shot model: members shared by all lines, and what a line makes of them. Needs neither torch nor LightGBM to score."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from metalearn.evidence.forest import Forest
from metalearn.evidence.support_state import Learnt, SupportState, learn_support, network_columns
from metalearn.few_shot.adapted_head import HeadNetwork
from metalearn.few_shot.tails import Tail, fit_tail
from metalearn.support import LineSupport

Floats = npt.NDArray[np.float32]

_REFERENCE_ROWS = 500
CASCADE_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class SharedModel:
    """What all lines share.

    Attributes:
        pointwise: Trees whose sum is the log odds of fraud.
        ranking: Trees that rank.
        network: Whose head adapts.
    """

    pointwise: Forest
    ranking: Forest
    network: HeadNetwork

    def adapt(self, support: LineSupport) -> "LineModel":
        """Return the model of a line with this support."""
        return self.adapted(learn_support(support), support.unlabelled)

    def adapted(self, learnt: Learnt, unlabelled: Floats) -> "LineModel":
        """Return the model of a line whose support is learnt already."""
        weight, bias = self.network.adapt(learnt.columns, learnt.labels)
        columns = learnt.state.columns(unlabelled[-_REFERENCE_ROWS:])
        members = self.members(columns, learnt.state.features, weight, bias)
        return LineModel(self, learnt.state, weight, bias, tuple(fit_tail(one) for one in members))

    def members(self, columns: Floats, features: int, weight: Floats, bias: float) -> tuple[Floats, Floats, Floats]:
        """Return each member's scores of rows [n, columns]: head, pointwise, ranking."""
        head = self.network.hidden(columns[:, : network_columns(features)]) @ weight + np.float32(bias)
        return head, self.pointwise.predict(columns), self.ranking.predict(columns)


@dataclass(frozen=True, slots=True)
class LineModel:
    """The shared members as adapted to one line.

    Attributes:
        shared: The members.
        state: Of the support.
        weight: The head's, float32 [width].
        bias: The head's.
        tails: Of each member's scores on the line's own events.
    """

    shared: SharedModel
    state: SupportState
    weight: Floats
    bias: float
    tails: tuple[Tail, Tail, Tail]

    def full(self, rows: Floats) -> Floats:
        """Return how rare rows are: the mean of the members, float32 [n]."""
        columns = self.state.columns(rows)
        members = self.shared.members(columns, self.state.features, self.weight, self.bias)
        rare = [tail.apply(one) for tail, one in zip(self.tails, members, strict=True)]
        return np.asarray(np.mean(rare, axis=0), np.float32)

    def cascade(self, rows: Floats, share: float = CASCADE_SHARE) -> Floats:
        """Return the head's word alone for all rows but those it calls rarest, which have the members' mean."""
        columns = self.state.columns(rows, trees=False)
        network = self.shared.network
        head = network.hidden(columns[:, : network_columns(self.state.features)]) @ self.weight + np.float32(self.bias)
        rare = self.tails[0].apply(head)
        top = np.flatnonzero(rare >= -np.log(share))
        if len(top):
            chosen = columns[top]
            self.state.fill_trees(rows[top], chosen)
            pointwise = self.tails[1].apply(self.shared.pointwise.predict(chosen))
            ranking = self.tails[2].apply(self.shared.ranking.predict(chosen))
            rare[top] = (rare[top] + pointwise + ranking) / 3
        return rare

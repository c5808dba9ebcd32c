"""One word from all scores of a line: what lines share, and what the line's own labels say alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metalearn.evidence.column_kernel import BLOCKS
from metalearn.evidence.support_state import network_columns
from metalearn.few_shot.tails import Tail, compressed, fit_tail

Floats = npt.NDArray[np.float32]

COUNT = 8
FOUND_RARITY = float(-np.log(0.05))
"""A score finds a fraud that is among the rarest 5 % by it."""
_HALF_TRUSTED = 5.0


@dataclass(frozen=True, slots=True)
class Blend:
    """How a line's scores are made one.

    Attributes:
        members: Tails of head, pointwise and ranking trees.
        evidence: Of density ratio and exemplars.
        trees: Of the line's own trees.
        pooled: Of the pooled score.
        own_share: Weight of evidence and own trees beside the members.
        head_share: Weight of the head among the members; both forests share the rest.
    """

    members: tuple[Tail, ...]
    evidence: tuple[Tail, ...]
    trees: tuple[Tail, ...]
    pooled: Tail
    own_share: float
    head_share: float

    @staticmethod
    def of(tails: Sequence[Tail], own_share: float, head_share: float) -> "Blend":
        """Return the blend of the tails that `tails` gave."""
        return Blend(tuple(tails[:3]), tuple(tails[3:5]), tuple(tails[5:7]), tails[7], own_share, head_share)

    def tails(self) -> tuple[Tail, ...]:
        """Return all tails in order."""
        return (*self.members, *self.evidence, *self.trees, self.pooled)

    def full(self, columns: Floats, features: int, members: Sequence[Floats]) -> Floats:
        """Return the rarity of rows whose columns [n, columns] are all there, float32 [n]."""
        shared = self.shared(*(tail.apply(one) for tail, one in zip(self.members, members, strict=True)))
        return self.mixed(shared, self.own_evidence(columns, features), self.own_trees(columns, features))

    def shared(self, head: Floats, pointwise: Floats, ranking: Floats) -> Floats:
        """Return the members' one word of their rarities, float32 [n]."""
        trees = (pointwise + ranking) / 2
        return compressed(np.asarray(self.head_share * head + (1 - self.head_share) * trees, np.float32))

    def own_evidence(self, columns: Floats, features: int) -> Floats:
        """Return what needs no line tree, 0 where it does not count."""
        if not self.own_share:
            return np.zeros(len(columns), np.float32)
        return _mean(self.evidence, evidence_scores(columns, features), compressed)

    def own_trees(self, columns: Floats, features: int) -> Floats:
        """Return the word of the line's own trees, 0 where it does not count."""
        if not self.own_share:
            return np.zeros(len(columns), np.float32)
        return _mean(self.trees, tree_scores(columns, features), compressed)

    def mixed(self, shared: Floats, evidence: Floats, trees: Floats) -> Floats:
        """Return rarities put together."""
        if not self.own_share:
            return shared
        return np.asarray((1 - self.own_share) * shared + self.own_share * (evidence + trees) / 2, np.float32)


def fit_blend(columns: Floats, features: int, members: Sequence[Floats], frauds: Floats, head_share: float) -> Blend:
    """Return the blend of a line.

    Args:
        columns: Of rows that the support does not hold, presumed genuine, float32 [n, columns].
        features: How many a row has, the pooled score the last of them.
        members: The members' scores of the same rows.
        frauds: Columns of the labelled frauds, each without itself, float32 [k, columns].
        head_share: Weight of the head among the members.
    """
    pooled = fit_tail(columns[:, features - 1])
    shared = [fit_tail(one) for one in members]
    evidence = tuple(fit_tail(one) for one in evidence_scores(columns, features))
    trees = [fit_tail(one) for one in tree_scores(columns, features)]
    share = own_share(pooled.apply(frauds[:, features - 1]), _mean(evidence, evidence_scores(frauds, features)))
    return Blend.of([*shared, *evidence, *trees, pooled], share, head_share)


def own_share(known: Floats, own: Floats) -> float:
    """Return the weight of a line's own evidence, in [0, 1).

    It grows with the labelled frauds and with the share of them that this evidence finds, each without
    itself, and the pooled score, which no label of the line has touched, does not. Where frauds are of
    families that training lines have, these know better how to read the evidence.

    Args:
        known: Rarity of the labelled frauds by the pooled score, float32 [k].
        own: The same by the line's own evidence.
    """
    count = len(known)
    if not count:
        return 0.0
    alone = (known < FOUND_RARITY) & (own >= FOUND_RARITY)
    return float(alone.mean()) * count / (count + _HALF_TRUSTED)


def evidence_scores(columns: Floats, features: int) -> list[Floats]:
    """Return the density ratio and the log mean over exemplars of rows."""
    totals = BLOCKS * features
    return [columns[:, totals + 6], columns[:, totals + 2]]


def tree_scores(columns: Floats, features: int) -> list[Floats]:
    """Return the scores of the line's own trees."""
    at = network_columns(features)
    return [columns[:, at], columns[:, at + 2]]


def _mean(tails: Sequence[Tail], scores: Sequence[Floats], counted: Callable[[Floats], Floats] = np.asarray) -> Floats:
    rare = [counted(tail.apply(one)) for tail, one in zip(tails, scores, strict=True)]
    return np.asarray(sum(rare[1:], rare[0]) / len(rare), np.float32)

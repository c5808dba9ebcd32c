"""Prototypes in an embedding whose metric is learnt over episodes.

Snell, Swersky and Zemel, "Prototypical networks for few-shot learning", 2017, equations 1 and 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from metalearn.evaluation.baselines.episodes import Episodes
from metalearn.evaluation.baselines.pool import FRAUD_SHARE, clipped, pool_of
from metalearn.evaluation.method import FitCache, Kind, Score, Setting
from metalearn.losses import balanced_cross_entropy
from metalearn.rows import Rows
from metalearn.support import LineSupport
from metalearn.tasks.task import Task

_WIDTH, _DIMENSIONS = 64, 16
_STEPS, _TASKS, _RATE = 400, 8, 2e-3


@dataclass(frozen=True, slots=True)
class Prototypes:
    """Nearness to the mean of the frauds, against nearness to the mean of the genuine rows.

    The frauds' prototype of all training lines counts as `prior` frauds of the line's own.
    """

    name: str = "prototypes"
    kind: Kind = "baseline"
    settings: Sequence[Setting] = ({"prior": 0.1}, {"prior": 1.0}, {"prior": 5.0})

    def train(self, tasks: Sequence[Task], setting: Setting, seed: int, cache: FitCache) -> "_Prototypes":
        """Learn the embedding."""
        embedding = cache.get("prototypes", lambda: _trained(tasks, seed))
        pool = pool_of(tasks, seed, cache)
        shared = cache.get("prototypes_shared", lambda: _mean(embedding, pool.rows[pool.labels == 1]))
        return _Prototypes(embedding, shared, float(setting["prior"]))


def _trained(tasks: Sequence[Task], seed: int) -> nn.Module:
    episodes, chance = Episodes(tasks), np.random.default_rng([seed, 20])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        embedding = nn.Sequential(
            nn.Linear(tasks[0].features.shape[1], _WIDTH), nn.ReLU(), nn.Linear(_WIDTH, _DIMENSIONS)
        )
    adam = torch.optim.AdamW(embedding.parameters(), lr=_RATE, weight_decay=1e-2)
    for _ in range(_STEPS):
        support, query = episodes.draw(_TASKS, chance)
        logits = _logits(embedding, support, query.inputs)
        loss = balanced_cross_entropy(logits, query.targets, query.weights, FRAUD_SHARE).mean()
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
    return embedding


def _logits(embedding: nn.Module, support: Rows, inputs: Tensor) -> Tensor:
    known, asked = embedding(support.inputs), embedding(inputs)
    of_frauds, of_others = (
        (known * one.unsqueeze(-1)).sum(1, keepdim=True) / one.sum(1).clamp_min(1)[:, None, None]
        for one in (support.targets * support.weights, (1 - support.targets) * support.weights)
    )
    logits: Tensor = (asked - of_others).square().sum(-1) - (asked - of_frauds).square().sum(-1)
    return logits


def _mean(embedding: Any, rows: npt.NDArray[np.float32]) -> Tensor:
    with torch.no_grad():
        found: Tensor = embedding(torch.from_numpy(clipped(rows))).mean(0)
    return found


class _Prototypes:
    def __init__(self, embedding: nn.Module, shared: Tensor, prior: float) -> None:
        self._embedding, self._shared, self._prior = embedding, shared, prior

    def adapt(self, support: LineSupport) -> Score:
        genuine = support.genuine if len(support.genuine) else support.unlabelled
        of_others = _mean(self._embedding, genuine) if len(genuine) else torch.zeros_like(self._shared)
        of_frauds = self._shared
        if count := len(support.frauds):
            own = _mean(self._embedding, support.frauds)
            of_frauds = (count * own + self._prior * self._shared) / (count + self._prior)

        def score(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
            with torch.no_grad():
                asked = self._embedding(torch.from_numpy(clipped(rows)))
                near = (asked - of_others).square().sum(-1) - (asked - of_frauds).square().sum(-1)
                return torch.sigmoid(near.double()).numpy()

        return score

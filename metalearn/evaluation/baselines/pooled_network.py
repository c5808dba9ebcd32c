"""A network over all training lines: as it is, and fine-tuned on a support."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from metalearn.evaluation.baselines.pool import FRAUD_SHARE, Pool, clipped, learnt_from, pool_of
from metalearn.evaluation.method import FitCache, Kind, Score, Setting
from metalearn.losses import balanced_cross_entropy
from metalearn.networks import forward, initial_parameters
from metalearn.support import LineSupport
from metalearn.tasks.task import Task

WIDTHS = (64, 64)
Layers = Mapping[str, Tensor]

_STEPS = 1_500
_HALF_BATCH = 192
_RATE = 3e-3
_DECAY = 1e-2


def pooled_layers(tasks: Sequence[Task], seed: int, cache: FitCache) -> Layers:
    """Return a network trained on all training lines' rows together."""
    pool = pool_of(tasks, seed, cache)
    found: Layers = cache.get("pooled_network", lambda: _trained(pool, seed))
    return found


def _trained(pool: Pool, seed: int) -> Layers:
    generator = torch.Generator().manual_seed(seed)
    layers = initial_parameters(pool.rows.shape[1], WIDTHS, generator)
    live = {name: value.requires_grad_() for name, value in layers.items()}
    adam = torch.optim.AdamW(list(live.values()), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, _STEPS)
    rows = torch.from_numpy(clipped(pool.rows))
    weights = torch.from_numpy(pool.weights)
    frauds = torch.from_numpy(np.flatnonzero(pool.labels == 1))
    genuine = torch.from_numpy(np.flatnonzero(pool.labels == 0))
    labels = torch.cat([torch.ones(_HALF_BATCH), torch.zeros(_HALF_BATCH)])
    for _ in range(_STEPS):
        drawn = torch.cat([
            part[torch.multinomial(weights[part], _HALF_BATCH, replacement=True, generator=generator)]
            for part in (frauds, genuine)
        ])  # fmt: skip
        loss = balanced_cross_entropy(forward(live, rows[drawn]), labels, torch.ones_like(labels), FRAUD_SHARE)
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        schedule.step()
    return {name: value.detach() for name, value in live.items()}


def network_score(layers: Layers) -> Score:
    """Return how a network scores rows."""

    def score(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        with torch.no_grad():
            chances = torch.sigmoid(forward(layers, torch.from_numpy(clipped(rows))))
        return chances.numpy().astype(np.float64)

    return score


@dataclass(frozen=True, slots=True)
class PooledNetwork:
    """Not adapted at all."""

    name: str = "pooled network"
    kind: Kind = "baseline"
    settings: Sequence[Setting] = ({},)

    def train(self, tasks: Sequence[Task], setting: Setting, seed: int, cache: FitCache) -> "_Pooled":  # noqa: ARG002 - the protocol's
        """Train the network."""
        return _Pooled(network_score(pooled_layers(tasks, seed, cache)))


class _Pooled:
    def __init__(self, score: Score) -> None:
        self._score = score

    def adapt(self, support: LineSupport) -> Score:  # noqa: ARG002 - the protocol's
        return self._score


@dataclass(frozen=True, slots=True)
class FineTunedNetwork:
    """The pooled network after Adam's steps on the support."""

    name: str = "fine-tuned network"
    kind: Kind = "baseline"
    settings: Sequence[Setting] = tuple(
        {"steps": steps, "rate": rate, "presumed": presumed}
        for steps, rate, presumed in product((10, 40), (1e-3, 5e-3), (0, 200))
    )

    def train(self, tasks: Sequence[Task], setting: Setting, seed: int, cache: FitCache) -> "_FineTuned":
        """Train the pooled network."""
        layers = pooled_layers(tasks, seed, cache)
        start = cache.get("pooled_network_score", lambda: network_score(layers))
        return _FineTuned(layers, start, setting)


class _FineTuned:
    def __init__(self, layers: Layers, start: Score, setting: Setting) -> None:
        self._layers, self._start = layers, start
        self._steps, self._rate, self._presumed = setting["steps"], setting["rate"], setting["presumed"]

    def adapt(self, support: LineSupport) -> Score:
        if not len(support.frauds):
            return self._start
        rows, labels, _ = learnt_from(support, self._presumed)
        inputs, targets = torch.from_numpy(clipped(rows)), torch.from_numpy(labels.astype(np.float32))
        live = {name: value.clone().requires_grad_() for name, value in self._layers.items()}
        adam = torch.optim.Adam(list(live.values()), lr=self._rate)
        for _ in range(self._steps):
            loss = balanced_cross_entropy(forward(live, inputs), targets, torch.ones_like(targets), FRAUD_SHARE)
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
        return network_score({name: value.detach() for name, value in live.items()})

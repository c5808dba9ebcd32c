"""Builds a shared few-shot model and the initialisation that carries it."""

from dataclasses import replace
from functools import cache

import numpy as np

from metalearn.checkpoint import Initialisation
from metalearn.few_shot.adapted_head import HeadPlan
from metalearn.few_shot.episode_bank import BankPlan
from metalearn.few_shot.model import SharedModel
from metalearn.few_shot.training import FewShotPlan, train_shared_model
from metalearn.tasks.task import Task
from stream.features.specification import specification_by_hash
from stream.scoring.few_shot import PREFIX


def a_task(features: int, seed: int, rows: int = 800, frauds: int = 40) -> Task:
    """Return a line whose frauds are far out in two features."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(rows, features)).astype(np.float32)
    chosen = np.sort(generator.choice(rows, frauds, replace=False))
    corner = generator.choice(features, 2, replace=False)
    values[np.ix_(chosen, corner)] = generator.normal(2.5, 0.4, (frauds, 2))
    labels = np.zeros(rows, np.int8)
    labels[chosen] = 1
    times = np.arange(rows, dtype=np.float64)
    return Task(f"line-{seed}", values, labels, times, times)


@cache
def a_shared_model(features: int) -> SharedModel:
    """Return a model that was trained a little."""
    plan = FewShotPlan(BankPlan(episodes=24, unlabelled=100), HeadPlan(steps=10, tasks=4))
    return train_shared_model([a_task(features, seed) for seed in range(3)], plan)


def with_few_shot(initialisation: Initialisation) -> Initialisation:
    """Return the initialisation with a few-shot model, and no line that it was trained on."""
    manifest = initialisation.manifest.model_copy(update={"lines": ()})
    shared = a_shared_model(len(specification_by_hash(manifest.feature_hash).without_labels))
    return replace(initialisation, manifest=manifest, arrays={**initialisation.arrays, **shared.arrays(PREFIX)})

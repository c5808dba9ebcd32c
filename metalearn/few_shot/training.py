"""Trains what all lines share: episodes, trees, the network and its weight, and how rarity reads as a chance."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from safetensors import SafetensorError, safe_open

from metalearn.evaluation.ranking import average_precision
from metalearn.evidence.forest import Forest, forest_of
from metalearn.evidence.support_state import column_count, network_columns
from metalearn.few_shot.adapted_head import HeadPlan, train_head
from metalearn.few_shot.blend import fit_blend
from metalearn.few_shot.episode_bank import BankedEpisode, BankPlan, draw_bank
from metalearn.few_shot.model import EQUAL_SHARE, FORM, SharedModel
from metalearn.few_shot.pooled_score import fit_on_others, fit_pooled
from metalearn.few_shot.shared_trees import fit_pointwise, fit_ranking
from metalearn.fingerprint import fingerprint
from metalearn.logistic_curve import fit_curve
from metalearn.tasks.task import Task

Floats = npt.NDArray[np.float32]
Progress = Callable[[str, int, int, float], None]

_TRAINING = "training"
_RIDGE = 10.0
_LEAST_SLOPE = 0.05
HEAD_SHARES = (EQUAL_SHARE, 0.2, 0.1, 0.0, 0.5)
"""Of them the one that ranks best on lines left out is the head's weight; of equals the first."""
# A query holds one fraud in ten rows, a line one in hundreds.
_GENUINE_WEIGHT = 10.0


@dataclass(frozen=True, slots=True)
class FewShotPlan:
    """How the shared model is trained.

    Attributes:
        bank: The episodes.
        head: The network.
        threads: Of LightGBM.
        seed: Of all chance.
    """

    bank: BankPlan = field(default_factory=BankPlan)
    head: HeadPlan = field(default_factory=HeadPlan)
    threads: int = 1
    seed: int = 0


def train_shared_model(
    tasks: Sequence[Task],
    plan: FewShotPlan,
    *,
    progress: Progress = lambda *_: None,
    checkpoint: Path | None = None,
) -> SharedModel:
    """Return the model that these lines share.

    Args:
        tasks: Training lines, standardised by their own past.
        plan: How.
        progress: Told (phase, step, steps, loss).
        checkpoint: Keeps the parts that are done; another training's are not used.

    Raises:
        MetalearnError: No line has frauds on both sides of a cut.
    """
    columns = column_count(tasks[0].features.shape[1] + 1)
    kept = _Parts(checkpoint, fingerprint(tasks, asdict(plan), f"few-shot {FORM} {columns}"))
    noise = plan.bank.scale_noise
    pooled = kept.forest("pooled.", lambda: fit_pooled(tasks, plan.threads, plan.seed, noise))
    bank = draw_bank(
        tasks,
        fit_on_others(tasks, plan.threads, plan.seed, noise),
        plan.bank,
        plan.seed,
        lambda step, steps: progress("episodes", step, steps, float("nan")),
    )
    width = network_columns(tasks[0].features.shape[1] + 1)
    progress("trees", 0, 2, float("nan"))
    pointwise = kept.forest("pointwise.", lambda: fit_pointwise(bank, plan.threads, plan.seed))
    progress("trees", 1, 2, float("nan"))
    ranking = kept.forest("ranking.", lambda: fit_ranking(bank, plan.threads, plan.seed))
    progress("trees", 2, 2, float("nan"))
    network = train_head(bank, width, plan.head, plan.seed, lambda *told: progress("head", *told))
    prevalence = float(np.mean([max(task.frauds, 1) / len(task.labels) for task in tasks]))
    shared = SharedModel(pooled, pointwise, ranking, network, prevalence=prevalence)
    slope, intercept, taught_share, head_share = kept.numbers("judged", 4, lambda: _judged(shared, bank, plan))
    return replace(shared, slope=slope, intercept=intercept, taught_share=taught_share, head_share=head_share)


def _judged(shared: SharedModel, bank: Sequence[BankedEpisode], plan: FewShotPlan) -> tuple[float, float, float, float]:
    """Return slope and intercept from rarity to the log odds of fraud, their share of frauds, and the head's weight.

    They are fitted to queries of lines that trees and network have not seen (Platt, 1999: or a model
    is believed too much), with members taught on the other lines alone, one forest of each.
    """
    held = [one for one in bank if one.calibrates] or list(bank)
    others = [one for one in bank if not one.calibrates]
    width = network_columns(shared.features + 1)
    members = replace(
        shared,
        pointwise=fit_pointwise(others or held, plan.threads, plan.seed, 1),
        ranking=fit_ranking(others or held, plan.threads, plan.seed, 1),
        network=train_head(others or held, width, plan.head, plan.seed, lambda *_: None),
    )
    rarities = [_rarity(members, one) for one in held]
    head_share = max(HEAD_SHARES, key=lambda share: _precision(held, [of_episode(share) for of_episode in rarities]))
    rarity = np.concatenate([of_episode(head_share) for of_episode in rarities]).astype(np.float64)
    fraud = np.concatenate([one.labels for one in held]).astype(np.float64)
    prior, precision = np.array([1.0, -2.0]), np.full(2, _RIDGE)
    found = fit_curve(rarity, fraud, np.ones_like(fraud), prior, precision)
    return max(float(found[0]), _LEAST_SLOPE), float(found[1]), float(fraud.mean()), head_share


def _rarity(shared: SharedModel, episode: BankedEpisode) -> Callable[[float], Floats]:
    """Return the rarity of an episode's queries as a function of the head's weight."""
    features = shared.features + 1
    weight, bias = shared.network.adapt(episode.support, episode.support_labels)
    frauds = episode.support[episode.support_labels == 1]
    usual = shared.members(episode.reference, weight, bias)
    blend = fit_blend(episode.reference, features, usual, frauds, EQUAL_SHARE)
    scores = shared.members(episode.columns, weight, bias)
    return lambda share: replace(blend, head_share=share).full(episode.columns, features, scores)


def _precision(episodes: Sequence[BankedEpisode], rarity: Sequence[Floats]) -> float:
    """Return the mean over lines of the average precision over all queries of a line, frauds made rarer."""
    of_line: dict[int, list[int]] = {}
    for at, episode in enumerate(episodes):
        of_line.setdefault(episode.line, []).append(at)
    found = [
        average_precision(
            np.concatenate([rarity[at] for at in some]),
            np.concatenate([episodes[at].labels for at in some]).astype(np.int8),
            _GENUINE_WEIGHT,
        )
        for some in of_line.values()
    ]
    return float(np.mean(found))


class _Parts:
    """The forests that an interrupted training had done."""

    def __init__(self, file: Path | None, training: str) -> None:
        self._file = file
        self._training = training
        self._arrays = self._read()

    def _read(self) -> dict[str, np.ndarray]:
        if self._file is None or not self._file.exists():
            return {}
        try:
            with safe_open(self._file, "np") as file:
                if (file.metadata() or {}).get(_TRAINING) != self._training:
                    return {}
            return dict(safetensors.numpy.load_file(self._file))
        except (SafetensorError, OSError):
            return {}

    def numbers(self, name: str, count: int, fit: Callable[[], tuple[float, ...]]) -> tuple[float, ...]:
        if name not in self._arrays:
            self._keep({name: np.array(fit(), np.float64)})
        return tuple(self._arrays[name].tolist())[:count]

    def forest(self, prefix: str, fit: Callable[[], Forest]) -> Forest:
        if prefix + "leaf" in self._arrays:
            return forest_of(self._arrays, prefix)
        found = fit()
        self._keep(found.arrays(prefix))
        return found

    def _keep(self, arrays: dict[str, np.ndarray]) -> None:
        self._arrays |= arrays
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            partial = self._file.with_suffix(self._file.suffix + ".partial")
            safetensors.numpy.save_file(self._arrays, partial, {_TRAINING: self._training})
            partial.replace(self._file)

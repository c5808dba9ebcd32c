"""A bank of few-shot episodes: later rows of training lines as a support of K labels would have seen them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metalearn.errors import MetalearnError
from metalearn.evidence.forest import Forest
from metalearn.evidence.support_state import learn_support
from metalearn.few_shot.pooled_score import pooled_scale
from metalearn.few_shot.reference import split_reference
from metalearn.few_shot.scale_noise import draw_scale_noise
from metalearn.support import LineSupport
from metalearn.tasks.task import Task
from metalearn.tasks.time_split import split_at

Floats = npt.NDArray[np.float32]

_BANK = 11
_CALIBRATES_EVERY = 3
_REFERENCE = 200


@dataclass(frozen=True, slots=True)
class BankPlan:
    """How episodes are drawn.

    Attributes:
        episodes: How many, shared evenly between lines.
        most_episodes_a_line: A line with few frauds says nothing new after so many.
        frauds: K is one of these, all alike likely.
        genuine_per_fraud: Labelled genuine rows in a support for each fraud.
        unlabelled: Other past rows in a support.
        query_frauds: Most frauds in a query.
        query_genuine: Most genuine rows in it.
        earliest_cut: The cut lies after this share of a line's frauds,
        latest_cut: and before this share.
        earliest_share: In so many of the episodes the support's frauds are the first that were known, not a draw.
        scale_noise: By how much a line's scale may be off, in deviations and as a logarithm.
    """

    episodes: int = 3_000
    most_episodes_a_line: int = 200
    frauds: tuple[int, ...] = (0, 1, 1, 2, 2, 5, 5, 10, 10, 20, 20, 50, 50)
    genuine_per_fraud: int = 10
    unlabelled: int = 1_500
    query_frauds: int = 12
    query_genuine: int = 100
    earliest_cut: float = 0.35
    latest_cut: float = 0.65
    earliest_share: float = 0.3
    scale_noise: float = 0.2


@dataclass(frozen=True, slots=True)
class BankedEpisode:
    """One episode with its columns.

    Attributes:
        line: Which of the training lines it is of.
        support: Columns of the support's own rows, each without itself, float32 [s, network columns].
        support_labels: 1 fraud, 0 genuine, float32 [s].
        columns: Of the query's rows, float32 [n, columns].
        labels: Of them, float32 [n].
        reference: Columns of rows that tell what is usual, empty where the episode does not calibrate.
        calibrates: Whether its line is left out where the curve from rarity to a chance is fitted.
    """

    line: int
    support: Floats
    support_labels: Floats
    columns: Floats
    labels: Floats
    reference: Floats
    calibrates: bool


def draw_bank(
    tasks: Sequence[Task],
    pooled: Sequence[Forest],
    plan: BankPlan,
    seed: int,
    advance: Callable[[int, int], None] = lambda *_: None,
) -> list[BankedEpisode]:
    """Return episodes of all lines that have frauds on both sides of a cut.

    Args:
        tasks: The lines.
        pooled: Trees whose score is one more feature, those at `line % len` fitted without the line.
        plan: How they are drawn.
        seed: Of all chance.
        advance: Told how many of how many are drawn.

    Raises:
        MetalearnError: No line has.
    """
    usable = [at for at, task in enumerate(tasks) if task.frauds >= 2]
    each = min(max(round(plan.episodes / max(len(usable), 1)), 1), plan.most_episodes_a_line)
    bank: list[BankedEpisode] = []
    for place, at in enumerate(usable):
        for number in range(each):
            generator = np.random.default_rng([seed, _BANK, at, number])
            episode = _draw(
                at, tasks[at], pooled[at % len(pooled)], plan, generator, calibrates=place % _CALIBRATES_EVERY == 0
            )
            if episode is not None:
                bank.append(episode)
            advance(place * each + number + 1, each * len(usable))
    if not bank:
        raise MetalearnError("nothing to learn from: no line has a fraud that is known before another happens")
    return bank


def _draw(
    line: int, task: Task, pooled: Forest, plan: BankPlan, generator: np.random.Generator, *, calibrates: bool
) -> BankedEpisode | None:
    frauds = np.flatnonzero(task.labels == 1)
    at = int(generator.uniform(plan.earliest_cut, plan.latest_cut) * len(frauds))
    known, later = split_at(task, float(task.occurred_at_s[frauds[min(max(at, 1), len(frauds) - 1)]]))
    count = int(plan.frauds[generator.integers(len(plan.frauds))])
    support = draw_support(
        task,
        known,
        count,
        plan.genuine_per_fraud * count,
        plan.unlabelled,
        generator,
        earliest=generator.random() < plan.earliest_share,
    )
    query = _some(later[task.labels[later] == 1], plan.query_frauds, generator)
    others = _some(later[task.labels[later] == 0], plan.query_genuine, generator)
    if not len(query) or not len(support.unlabelled) or (count and not len(support.frauds)):
        return None
    noise = draw_scale_noise(task.features.shape[1], plan.scale_noise, generator)
    support = LineSupport(*(noise.apply(part) for part in (support.frauds, support.genuine, support.unlabelled)))
    reference, kept = split_reference(support)
    scale, usual = pooled_scale(reference, pooled)
    learnt = learn_support(scale.extended_support(kept, pooled))
    rows = scale.extended(noise.apply(task.features[np.concatenate([query, others])]), pooled)
    labels = (np.arange(len(rows)) < len(query)).astype(np.float32)
    state, support_rows = learnt.state, learnt.columns.copy()
    told = state.columns(usual[-_REFERENCE:] if calibrates else usual[:0])
    return BankedEpisode(line, support_rows, learnt.labels, state.columns(rows), labels, told, calibrates)


def draw_support(
    task: Task,
    known: npt.NDArray[np.int64],
    frauds: int,
    genuine: int,
    unlabelled: int,
    generator: np.random.Generator,
    *,
    earliest: bool = False,
) -> LineSupport:
    """Return a support drawn uniformly from the rows whose labels are known, in order of time.

    Args:
        task: The line.
        known: Rows that a support may use.
        frauds: How many labelled frauds.
        genuine: How many labelled genuine rows.
        unlabelled: How many of the other rows; among them are frauds that nobody labelled.
        generator: Of chance.
        earliest: Whether its frauds are the first of them instead.
    """
    of_fraud = known[task.labels[known] == 1]
    chosen = of_fraud[:frauds] if earliest else np.sort(_some(of_fraud, frauds, generator))
    others = np.sort(_some(known[task.labels[known] == 0], genuine, generator))
    rest = known[~np.isin(known, np.concatenate([chosen, others]))]
    past = np.sort(_some(rest, unlabelled, generator))
    return LineSupport(task.features[chosen], task.features[others], task.features[past])


def _some(rows: npt.NDArray[np.int64], most: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    return generator.permutation(rows)[:most]

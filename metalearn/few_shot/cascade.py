"""Rows by the cascade: those that are rare by what is cheap get the full word, the rest the cheap one.

Rows of many lines go through it together: what all lines share is asked of all rows at once.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from metalearn.evidence.support_state import column_count, network_columns
from metalearn.few_shot.tails import compressed

if TYPE_CHECKING:
    from metalearn.few_shot.model import LineModel

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

SHARE = 0.1
# Of a line on which one event in five is a fraud the top tenth holds half of them at most.
_ROWS_PER_FRAUD = 3.0


def cascade(models: Sequence["LineModel"], which: Places, rows: Floats, share: float | None = None) -> Floats:
    """Return how rare rows are, each by its own line's model: to the bit what it gives alone.

    Cheap are the pooled score, which is there before any member is asked, the head, and the evidence
    of the line's labels. The head alone passes over frauds that all lines know.

    Args:
        models: Each once, all over one shared model.
        which: The model of each row, [n].
        rows: Standardised, float32 [n, features].
        share: The full word goes to rows whose cheap rarity is that of this share of events; None is a
            tenth, or three times the share of frauds of the training lines where that is more.

    Returns:
        Rarity, float32 [n].
    """
    shared, features = models[0].shared, models[0].state.features
    if share is None:
        share = min(max(SHARE, _ROWS_PER_FRAUD * shared.prevalence), 1.0)
    order = np.argsort(which, kind="stable")
    lines, rows = which[order], rows[order]
    score = shared.pooled.predict(rows)
    extended = np.empty((len(rows), features), np.float32)
    extended[:, :-1] = rows
    columns = np.zeros((len(rows), column_count(features)), np.float32)
    for model, at in _each(models, lines):
        extended[at, -1] = model.scale.scaled(score[at])
        model.state.fill(extended[at], columns[at])
    hidden = shared.network.hidden(columns[:, : network_columns(features)])
    head, evidence, rare = (np.empty(len(rows), np.float32) for _ in range(3))
    for model, at in _each(models, lines):
        blend = model.blend
        head[at] = blend.members[0].apply(shared.network.weighted(hidden[at], model.weight, model.bias))
        evidence[at] = blend.own_evidence(columns[at], features)
        cheap = compressed(np.asarray((head[at] + blend.pooled.apply(extended[at, -1])) / 2, np.float32))
        rare[at] = blend.mixed(cheap, evidence[at], evidence[at])
    top = np.flatnonzero(rare >= -np.log(share))
    chosen = columns[top]
    for model, at in _each(models, lines[top]):
        model.state.fill_trees(extended[top[at]], chosen[at])
    pointwise, ranking = shared.pointwise.predict(chosen), shared.ranking.predict(chosen)
    for model, at in _each(models, lines[top]):
        blend, full = model.blend, top[at]
        trees = (blend.members[1].apply(pointwise[at]), blend.members[2].apply(ranking[at]))
        rare[full] = blend.mixed(
            blend.shared(head[full], *trees), evidence[full], blend.own_trees(chosen[at], features)
        )
    made = np.empty_like(rare)
    made[order] = rare
    return made


def _each(models: Sequence["LineModel"], lines: Places) -> Iterator[tuple["LineModel", slice]]:
    """Yield each model that has rows and where they are, `lines` growing."""
    first = 0
    for number, last in enumerate(np.searchsorted(lines, np.arange(len(models)), "right").tolist()):
        if last > first:
            yield models[number], slice(first, last)
        first = last

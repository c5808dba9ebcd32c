"""Rows by the cascade: those that are rare by what is cheap get the full word, the rest the cheap one.

Rows of many lines go through it together: what all lines share is asked of all rows at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from metalearn.evidence.support_state import column_count, network_columns
from metalearn.few_shot.head_network import head_logits
from metalearn.few_shot.model import LineModel
from metalearn.few_shot.tails import compressed

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

_SHARE = 0.1
# Of a line on which one event in five is a fraud the top tenth holds half of them at most.
_ROWS_PER_FRAUD = 3.0


@dataclass(frozen=True, slots=True)
class _Cheap:
    """What is cheap to know of rows in order of line.

    Attributes:
        extended: The rows with the pooled score, float32 [n, features].
        columns: Theirs but for the trees, float32 [n, columns].
        head: Rarity by the head, float32 [n].
        evidence: The word of the line's own evidence, float32 [n].
        rare: The cheap word, float32 [n].
    """

    extended: Floats
    columns: Floats
    head: Floats
    evidence: Floats
    rare: Floats


def cascade_line(model: LineModel, rows: Floats, share: float | None = None) -> Floats:
    """Return how rare rows of one line are, float32 [n]; see `cascade_lines`."""
    return cascade_lines([model], np.zeros(len(rows), np.int64), rows, share)


def cascade_lines(models: Sequence[LineModel], which: Places, rows: Floats, share: float | None = None) -> Floats:
    """Return how rare rows are, each by its own line's model: to the bit what it gives alone.

    Cheap are the pooled score, which is there before any member is asked, the head, and the evidence
    of the line's labels. The head alone passes over frauds that all lines know.

    Args:
        models: Each once, all over one shared model.
        which: The model of each row, int64 [n].
        rows: Standardised, float32 [n, features].
        share: The full word goes to rows whose cheap rarity is that of this share of events; None is a
            tenth, or three times the share of frauds of the training lines where that is more.

    Returns:
        Rarity, float32 [n].
    """
    if share is None:
        share = min(max(_SHARE, _ROWS_PER_FRAUD * models[0].shared.prevalence), 1.0)
    order = np.argsort(which, kind="stable")
    lines = which[order]
    cheap = _cheap(models, lines, rows[order])
    top = np.flatnonzero(cheap.rare >= -np.log(share))
    made = np.empty_like(cheap.rare)
    made[order] = cheap.rare
    made[order[top]] = _full(models, lines[top], _Cheap(*(getattr(cheap, name)[top] for name in _Cheap.__slots__)))
    return made


def places(lines: Places, count: int) -> Iterator[tuple[int, slice]]:
    """Yield each of `count` lines that has rows and where they are.

    Args:
        lines: The line of each row, growing, int64 [n].
        count: Of lines.
    """
    first = 0
    for number, last in enumerate(np.searchsorted(lines, np.arange(count), "right").tolist()):
        if last > first:
            yield number, slice(first, last)
        first = last


def _cheap(models: Sequence[LineModel], lines: Places, rows: Floats) -> _Cheap:
    shared, features = models[0].shared, models[0].state.features
    score = shared.pooled.predict(rows)
    extended = np.empty((len(rows), features), np.float32)
    extended[:, :-1] = rows
    columns = np.zeros((len(rows), column_count(features)), np.float32)
    for model, at in _each(models, lines):
        extended[at, -1] = model.scale.scaled(score[at])
        model.state.fill(extended[at], columns[at])
    hidden = shared.network.hidden(columns[:, : network_columns(features)])
    found = _Cheap(extended, columns, *(np.empty(len(rows), np.float32) for _ in range(3)))
    for model, at in _each(models, lines):
        blend, (head, *_) = model.blend, model.blend.members
        found.head[at] = head.apply(head_logits(hidden[at], model.weight, model.bias))
        found.evidence[at] = blend.own_evidence(columns[at], features)
        mean = (found.head[at] + blend.pooled.apply(extended[at, -1])) / np.float32(2)
        found.rare[at] = blend.mixed(compressed(mean), found.evidence[at], found.evidence[at])
    return found


def _full(models: Sequence[LineModel], lines: Places, cheap: _Cheap) -> Floats:
    """Return the full word on rows, whose trees' columns are filled in."""
    shared, features = models[0].shared, models[0].state.features
    for model, at in _each(models, lines):
        model.state.fill_trees(cheap.extended[at], cheap.columns[at])
    scores = shared.pointwise.predict(cheap.columns), shared.ranking.predict(cheap.columns)
    rare = np.empty(len(lines), np.float32)
    for model, at in _each(models, lines):
        blend, (_, pointwise, ranking) = model.blend, model.blend.members
        word = blend.shared(cheap.head[at], pointwise.apply(scores[0][at]), ranking.apply(scores[1][at]))
        rare[at] = blend.mixed(word, cheap.evidence[at], blend.own_trees(cheap.columns[at], features))
    return rare


def _each(models: Sequence[LineModel], lines: Places) -> Iterator[tuple[LineModel, slice]]:
    """Yield each model that has rows and where they are, `lines` growing."""
    return ((models[number], at) for number, at in places(lines, len(models)))

"""Gives the lines of folds columns of what their words say, by a reduction fitted on each fold's training lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from metalearn.evaluation.contest import Fold
from metalearn.evaluation.few_shot import CutLine, with_columns
from stream.tasks.line_texts import LineTexts
from stream.tasks.tasks_file import TasksFile
from stream.text.cached_embedder import CachedEmbedder
from stream.text.embedder import Embedder
from stream.text.open_embedder import open_embedder
from stream.text.plain_text import plain_text
from stream.text.reduction import Reduction, fit_reduction, save_reduction

MOST_FITTED = 20_000
"""Different texts that a reduction is fitted on, drawn where there are more."""
_TEXTS_AT_ONCE = 4_096

Texts = Mapping[str, LineTexts]


@dataclass(frozen=True, slots=True)
class TextModel:
    """What makes words into columns, and how many."""

    embedder: Embedder
    dimensions: int


def text_model_of(declared: TasksFile, folders: Sequence[Path]) -> TextModel | None:
    """Return the model that a tasks file asks for, None where it has no text.

    Args:
        declared: The file.
        folders: Where the model's folder may lie.

    Raises:
        UsageError: The model is not there.
    """
    if not declared.with_text:
        return None
    entry = declared.with_text[0]
    return TextModel(CachedEmbedder(open_embedder(entry.text_model, folders)), entry.text_dimensions)


def text_folds(folds: Sequence[Fold], texts: Texts, model: TextModel | None, out: Path) -> list[Fold]:
    """Return folds with columns of text; without a model the folds as they are.

    Args:
        folds: As dealt.
        texts: Of lines, by name.
        model: What makes the columns.
        out: Folder that gets each fold's reduction, `text_reduction_1.safetensors` and so on.

    Raises:
        UsageError: No training line of a fold has a text.
    """
    if model is None:
        return list(folds)
    made = []
    for number, fold in enumerate(folds, start=1):
        reduction = fold_reduction(fold, texts, model.embedder, model.dimensions)
        save_reduction(reduction, out / f"text_reduction_{number}.safetensors")
        made.append(with_text(fold, texts, model.embedder, reduction))
    return made


def fold_reduction(fold: Fold, texts: Texts, embedder: Embedder, dimensions: int) -> Reduction:
    """Return a reduction fitted on the different texts of a fold's training lines, without any label.

    Each text counts once, however many rows have it.

    Raises:
        UsageError: There is no word in them.
    """
    lines = fold.train or fold.validation
    there = [text for line in lines if line.task.name in texts for text in texts[line.task.name].used()[0]]
    distinct = list(dict.fromkeys(filter(None, map(plain_text, there))))
    if len(distinct) > MOST_FITTED:
        drawn = np.random.default_rng(0).choice(len(distinct), MOST_FITTED, replace=False)
        distinct = [distinct[at] for at in np.sort(drawn)]
    return fit_reduction(embedder.embed(distinct), embedder.name, dimensions)


def with_text(fold: Fold, texts: Texts, embedder: Embedder, reduction: Reduction) -> Fold:
    """Return a fold whose lines have further columns: their words, reduced.

    A row without words, and every row of a line without a column of text, has no value there: it stands at
    its line's mean.
    """

    def told(lines: Sequence[CutLine]) -> list[CutLine]:
        return [with_columns(line, _columns(line, texts.get(line.task.name), embedder, reduction)) for line in lines]

    return replace(fold, train=told(fold.train), validation=told(fold.validation), test=told(fold.test))


def _columns(
    line: CutLine, texts: LineTexts | None, embedder: Embedder, reduction: Reduction
) -> npt.NDArray[np.float32]:
    if texts is None:
        return np.full((len(line.task.labels), len(reduction.axes)), np.nan, np.float32)
    distinct, at = texts.used()
    # The last row is for those without a text.
    known = np.full((len(distinct) + 1, len(reduction.axes)), np.nan, np.float32)
    for start in range(0, len(distinct), _TEXTS_AT_ONCE):
        some = distinct[start : start + _TEXTS_AT_ONCE]
        embedded = embedder.embed(some)
        reduced = reduction.reduced(embedded, embedder.name)
        known[start : start + len(some)] = np.where(embedded.any(1, keepdims=True), reduced, np.nan)
    return known[at]

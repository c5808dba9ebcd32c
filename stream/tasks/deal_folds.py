"""Deals lines to folds: each is tested once, with the others known."""

from collections.abc import Mapping, Sequence

from metalearn.evaluation.contest import Fold
from metalearn.evaluation.few_shot import CutLine
from stream.tasks.tasks_file import Section


def deal(lines: Mapping[Section, Sequence[CutLine]], folds: int | None) -> list[Fold]:
    """Return the folds of a tasks file.

    Args:
        lines: By section.
        folds: To how many `lines` are dealt; None where the file says what is tested.
    """
    if folds is None:
        return [Fold(lines["train"], lines["validation"], lines["test"])]
    dealt = lines["lines"]
    return [_one(dealt, at, min(folds, len(dealt))) for at in range(min(folds, len(dealt)))]


def _one(lines: Sequence[CutLine], at: int, folds: int) -> Fold:
    others = [line for number, line in enumerate(lines) if number % folds != at]
    return Fold(others[::2], others[1::2], lines[at::folds])

"""Kinds of lines: whether a line is of a kind that training has seen, and which share nothing."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from metalearn.tasks.similarity import TaskSketch, distance, distances

NEW_KIND = 2.5
"""A novelty above this is a line of a new kind.

Measured, each line against the others of its world and against other worlds: simulated card
lines .8 to 1.3 (of unseen fraud families too), Sparkov's categories .7 to 1.7, Korean customs
chapters .7 to 1.7, a Sparkov category where all worlds train together up to 2.3; across
worlds 2.6 (simulated lines to Sparkov) to 17 (customs to cards). A line's first two weeks
raise its own by about .5 (simulated) to 1.5 (Sparkov), 200 rows by 2: judge a line by 500 rows
spread over a month.
"""

# The nearest neighbours of lines of one kind are .08 to .12 apart in every world measured.
_TYPICAL = 0.1
# Copies or windows of one line are not a scale for what another line may be, and neither are
# lines of which each is of a kind of its own.
_LEAST, _MOST = 0.05, 0.15


def novelty(sketch: TaskSketch, training: Sequence[TaskSketch]) -> float:
    """Return how far a line is from the nearest training line, as training lines go.

    Args:
        sketch: Of the line.
        training: Of the training lines, without the line itself.

    Returns:
        Its distance to the nearest over the median distance of a training line to its own
        nearest; about 1 for one more line of the same kind, infinite where there are no
        training lines. See `NEW_KIND`.
    """
    if not training:
        return float("inf")
    return min(distance(sketch, other) for other in training) / scale_of(distances(training))


def scale_of(between: npt.NDArray[np.float64]) -> float:
    """Return the median distance of a line to its nearest other, within what was ever measured.

    Args:
        between: Distances of lines, [n, n].
    """
    if len(between) < 2:
        return _TYPICAL
    others = between + np.diag(np.full(len(between), np.inf))
    return min(max(float(np.median(others.min(1))), _LEAST), _MOST)


def kinds(sketches: Sequence[TaskSketch], threshold: float = NEW_KIND) -> list[list[int]]:
    """Return which lines belong together: single linkage, cut at `threshold` times their scale.

    Args:
        sketches: Of the lines.
        threshold: A line farther than this from all of a kind is not of it.

    Returns:
        The lines' places, the largest kind first. Where one kind is much tighter than another
        the wider one may fall apart: of all measured worlds together Sparkov's nine do, 6 and 3.
    """
    return _linked(distances(sketches), threshold)


def _linked(between: npt.NDArray[np.float64], threshold: float) -> list[list[int]]:
    near = between <= threshold * scale_of(between)
    kind = np.arange(len(between))
    for one, other in np.argwhere(near).tolist():
        kind[kind == kind[other]] = kind[one]
    found = [np.flatnonzero(kind == each).tolist() for each in dict.fromkeys(kind.tolist())]
    return sorted(found, key=lambda lines: (-len(lines), lines))


def kinds_in_words(names: Sequence[str], sketches: Sequence[TaskSketch], threshold: float = NEW_KIND) -> str:
    """Return which kinds of lines there are and how far they lie apart, for a person.

    Args:
        names: Of the lines.
        sketches: Of the same lines.
        threshold: As in `kinds`.
    """
    between = distances(sketches)
    found = _linked(between, threshold)
    if len(found) <= 1:
        apart = between[np.triu_indices(len(between), 1)]
        spread = f"; two of them are {np.median(apart):.2f} apart" if len(apart) else ""
        return f"{_count(len(names), 'line')} of one kind{spread}"
    said = [f"{_count(len(found), 'kind')} of lines that share nothing:"]
    scale = scale_of(between)
    for lines in found:
        others = np.setdiff1d(np.arange(len(names)), lines)
        away = between[lines][:, others].min() / scale
        members = ", ".join(names[line] for line in lines)
        said.append(f"  {members}: {away:.1f} times as far from any other as lines of a kind are from one another")
    return "\n".join(said)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"

"""Teaches a line's few labels to the few-shot model, where that is the better teacher."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from metalearn.few_shot.cascade import cascade_line
from metalearn.few_shot.model import LineModel
from metalearn.support import LineSupport
from stream.adaptation.support_buffer import Held, Rows, rows_of
from stream.adaptation.support_sample import SupportSample
from stream.features.specification import FeatureSpecification
from stream.scoring.calibration import Calibration
from stream.scoring.few_shot import chosen, line_calibration
from stream.scoring.line_scorers import FewShotPart
from stream.scoring.standardisation import Standardisation

MOST_FRAUDS = 64
"""As many exemplars the evidence keeps; with more labels the network learns more from them."""
_LEAST_OTHERS = 50
# As in the episodes that the shared model is trained on.
_GENUINE_PER_FRAUD = 10


@dataclass(frozen=True, slots=True)
class FewShotTaught:
    """A line's few-shot model and how its rarity reads."""

    model: LineModel
    calibration: Calibration
    specification: FeatureSpecification

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what weights store of it."""
        return self.model.arrays()

    def log_odds(self, rows: Rows) -> npt.NDArray[np.float64]:
        """Return the rarity of standardised rows, before calibration."""
        return cascade_line(self.model, chosen(rows, self.specification)).astype(np.float64)


class FewShotTeacher:
    """Adapts the shared few-shot model, for lines that training never saw and as long as labels are few."""

    def __init__(self, part: FewShotPart | None, known: Iterable[str], specification: FeatureSpecification) -> None:
        """Take what an initialisation's lines share, None teaches nothing, which these are, and their features."""
        self._specification = specification
        self._shared = part.model if part is not None else None
        self._known = frozenset(known)

    def warm_up(self) -> None:
        """Load what teaching needs."""
        if self._shared is not None:
            rows = np.random.default_rng(0).normal(size=(64, self._shared.features)).astype(np.float32)
            self._shared.adapt(LineSupport(rows[:4], rows[4:], rows[4:]))

    def teaches(self, line: str, sample: SupportSample) -> bool:
        """Return whether a line with these labels, or with none yet, is better scored so than by the network."""
        others = len(sample.genuine) + len(sample.presumed)
        few = len(sample.frauds) <= MOST_FRAUDS and others >= _LEAST_OTHERS
        return self._shared is not None and few and line not in self._known

    def teach(
        self, sample: SupportSample, past: Sequence[Held], scale: Standardisation, prevalence: float
    ) -> FewShotTaught:
        """Return the model of a line with this support.

        Args:
            sample: The labels; up to half of its presumed rows stand in for labelled genuine ones where these are few.
            past: Events that nobody labelled in time, oldest first.
            scale: The line's.
            prevalence: The line's share of frauds.
        """
        assert self._shared is not None  # noqa: S101 - `teaches` said so
        width = len(scale.mean)

        def rows(held: Sequence[Held]) -> Rows:
            made = chosen(scale.apply(rows_of(held, width)), self._specification)
            made[np.isnan(made)] = 0.0
            return made

        lacking = max(_GENUINE_PER_FRAUD * len(sample.frauds) - len(sample.genuine), 0)
        genuine = [*sample.genuine, *_evenly(sample.presumed, min(lacking, len(sample.presumed) // 2))]
        taken = {held.example.event_id for held in genuine}
        others = [held for held in past if held.example.event_id not in taken]
        support = LineSupport(rows(sample.frauds), rows(genuine), rows(others))
        calibration = line_calibration(self._shared, prevalence)
        return FewShotTaught(self._shared.adapt(support), calibration, self._specification)


def _evenly(held: Sequence[Held], count: int) -> list[Held]:
    return [held[at * len(held) // count] for at in range(count)]

"""Scores a line by the few-shot model: support evidence, what all lines share, and the line's adapted head."""

from itertools import repeat

import numpy as np
import numpy.typing as npt

from metalearn.checkpoint import Initialisation
from metalearn.few_shot.cascade import cascade_line
from metalearn.few_shot.model import LineModel, SharedModel
from metalearn.support import LineSupport
from stream.errors import WeightsRefusedError
from stream.events.scored_event import Reason
from stream.features.specification import FeatureSpecification
from stream.scoring.calibration import Calibration
from stream.scoring.line_scorer import NetworkScorer, Scores
from stream.scoring.line_weights import LineWeights
from stream.scoring.reasons import top_reasons

PREFIX = "few_shot."


def chosen(rows: npt.NDArray[np.float32], specification: FeatureSpecification) -> npt.NDArray[np.float32]:
    """Return the columns of standardised rows that the few-shot model reads, float32 [n, features].

    Not those that labels make: they are empty on a line that has few.
    """
    return np.ascontiguousarray(rows[:, specification.without_labels])


def shared_model(initialisation: Initialisation) -> SharedModel | None:
    """Return what an initialisation's lines share, None where it was trained without."""
    if PREFIX + "numbers" not in initialisation.arrays:
        return None
    return SharedModel.from_arrays(initialisation.arrays, PREFIX)


def warm_up(shared: SharedModel) -> None:
    """Load what scoring needs, so that a line's first few-shot weights need not wait for it."""
    rows = np.random.default_rng(0).normal(size=(8, shared.features)).astype(np.float32)
    shared.adapt(LineSupport(rows[:0], rows[:0], rows)).full(rows)


def line_calibration(shared: SharedModel, prevalence: float) -> Calibration:
    """Return the curve from rarity to the chance of fraud on a line with this share of frauds."""
    at_zero = float(shared.log_odds(np.zeros(1, np.float32), prevalence)[0])
    return Calibration(shared.slope, at_zero)


class FewShotScorer(NetworkScorer):
    """Runs the few-shot model on standardised rows."""

    def __init__(self, weights: LineWeights, shared: SharedModel) -> None:
        """Take the line's arrays and what all lines share.

        Raises:
            WeightsRefusedError: Arrays are missing or of another width than the shared model's.
        """
        super().__init__(weights)
        try:
            self.model = LineModel.from_arrays(shared, weights.arrays)
        except (KeyError, ValueError, IndexError, TypeError) as error:
            raise WeightsRefusedError("shape", f"the support's evidence is missing or does not fit: {error}") from error
        if shared.features != len(self._specification.without_labels):
            raise WeightsRefusedError("shape", f"the shared model is of {shared.features} features")

    def score(self, features: npt.NDArray[np.float32]) -> Scores:
        """Return the scores of raw feature rows [n, features]."""
        rows = self.standardise(features)
        rarity = cascade_line(self.model, self.read(rows)).astype(np.float64)
        return Scores(self.parts.calibration.apply(rarity), self.parts.anomaly.score(rows))

    def read(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the columns of standardised rows that the model reads, float32 [n, its features]."""
        return chosen(rows, self._specification)

    def reasons(self, features: npt.NDArray[np.float32], kind: str = "card") -> list[list[Reason]]:
        """Return the top three reasons of each raw row [n, features], by all members together."""
        return top_reasons(self._log_odds, features, self.standardise(features), repeat(kind), self._specification)

    def _log_odds(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        read = self.read(rows.astype(np.float32))
        return self.parts.calibration.slope * self.model.full(read).astype(np.float64)

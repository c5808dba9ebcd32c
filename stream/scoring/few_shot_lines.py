"""Lines over one few-shot model whose rows stand in one batch: what they share is asked once."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from metalearn.few_shot.cascade import cascade_lines, places
from stream.events.scored_event import Reason
from stream.scoring.calibration import calibrated
from stream.scoring.few_shot import FewShotScorer
from stream.scoring.network_stack import Double, Slots, standardised


class FewShotLines:
    """Some lines of a batch; a slot is a line's place among them."""

    def __init__(self) -> None:
        """Start without lines."""
        self._scorers: list[FewShotScorer] = []

    def add(self, scorer: FewShotScorer) -> int:
        """Take a line over the same shared model as the others and return its slot."""
        self._scorers.append(scorer)
        return len(self._scorers) - 1

    def score(self, features: npt.NDArray[np.float32], slot: Slots) -> tuple[Double, Double]:
        """Return score and anomaly, float64 [n] each, of raw rows [n, features], each by the line in its slot.

        Args:
            features: Float32 [n, features].
            slot: Int64 [n], growing.
        """
        parts = [scorer.parts for scorer in self._scorers]
        mean = np.stack([one.standardisation.mean for one in parts])
        scale = np.stack([one.standardisation.scale for one in parts])
        rows = standardised(features, slot, mean, scale).astype(np.float32)
        models = [scorer.model for scorer in self._scorers]
        rarity = cascade_lines(models, slot, self._scorers[0].read(rows)).astype(np.float64)
        curve = np.array([(one.calibration.slope, one.calibration.intercept) for one in parts])
        anomaly = np.empty(len(rows))
        for number, at in places(slot, len(parts)):
            anomaly[at] = parts[number].anomaly.score(rows[at])
        return calibrated(rarity, curve[slot, 0], curve[slot, 1]), anomaly

    def reasons(self, features: npt.NDArray[np.float32], slot: Slots, kinds: Sequence[str]) -> list[list[Reason]]:
        """Return the top three reasons of raw rows, each by the line in its slot, whose subjects are of that kind."""
        found = []
        for number, at in places(slot, len(self._scorers)):
            found += self._scorers[number].reasons(features[at], kinds[at.start])
        return found

"""Scores a line's rows: probability of fraud, anomaly, and the reasons for an alert."""

from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from stream.events.scored_event import Reason
from stream.scoring.anomaly import Anomaly
from stream.scoring.calibration import Calibration
from stream.scoring.line_weights import LineWeights
from stream.scoring.network_forward import copied, forward, network_of
from stream.scoring.network_stack import LineParts, NetworkStack, Place
from stream.scoring.reasons import top_reasons
from stream.scoring.standardisation import Standardisation
from stream.scoring.weights_manifest import WeightsManifest


@dataclass(frozen=True, slots=True)
class Scores:
    """Of each row: score and anomaly, both in [0, 1], float64 [n]."""

    score: npt.NDArray[np.float64]
    anomaly: npt.NDArray[np.float64]


class LineScorer(Protocol):
    """What scores a line, whatever kind of model it is."""

    @property
    def manifest(self) -> WeightsManifest:
        """What the weights say of themselves."""
        ...

    @property
    def score_histogram(self) -> npt.NDArray[np.float64]:
        """Share of the line's background in each bin of scores, float64 [512]."""
        ...

    @property
    def standardisation(self) -> Standardisation:
        """The line's scale."""
        ...

    def score(self, features: npt.NDArray[np.float32]) -> Scores:
        """Return the scores of raw feature rows [n, features]."""
        ...

    def reasons(self, features: npt.NDArray[np.float32], kind: str) -> list[list[Reason]]:
        """Return the top three reasons of each raw row."""
        ...


class NetworkScorer:
    """Runs an adapted network on standardised rows."""

    def __init__(self, weights: LineWeights) -> None:
        """Take the arrays as they are needed."""
        arrays = weights.arrays
        self._manifest = weights.manifest
        self._specification = weights.specification
        self.parts = LineParts(
            Standardisation(
                arrays["standardise.mean"].astype(np.float32), arrays["standardise.scale"].astype(np.float32)
            ),
            network_of(arrays),
            Calibration(float(arrays["calibration.slope"][0]), float(arrays["calibration.intercept"][0])),
            Anomaly(
                arrays["anomaly.mean"].astype(np.float64),
                arrays["anomaly.precision"].astype(np.float64),
                arrays["anomaly.quantiles"].astype(np.float64),
            ),
            weights.specification,
        )
        self._histogram = arrays["score.histogram"].astype(np.float64)
        self.place: Place | None = None

    def move_into(self, stack: NetworkStack) -> None:
        """Lie beside other lines, so that their rows are scored together."""
        self.place, network = stack.put(self.parts)
        self.parts = replace(self.parts, network=network)

    def move_out(self) -> None:
        """Give the place to another line; whoever still holds this scorer scores as before."""
        if self.place is not None:
            self.parts = replace(self.parts, network=copied(self.parts.network))
            self.place.block.free.append(self.place.slot)
            self.place = None

    @property
    def manifest(self) -> WeightsManifest:
        """What the weights say of themselves."""
        return self._manifest

    @property
    def score_histogram(self) -> npt.NDArray[np.float64]:
        """Share of the line's background in each bin of scores, float64 [512]."""
        return self._histogram

    @property
    def standardisation(self) -> Standardisation:
        """The line's scale."""
        return self.parts.standardisation

    def standardise(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return raw rows as the network takes them."""
        rows = self.parts.standardisation.apply(features)
        # What is not known counts as the line's mean.
        rows[np.isnan(rows)] = 0.0
        return rows

    def logits(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Return the network's logit of standardised rows."""
        return forward(self.parts.network, rows)

    def score(self, features: npt.NDArray[np.float32]) -> Scores:
        """Return the scores of raw feature rows [n, features]."""
        rows = self.standardise(features)
        return Scores(self.parts.calibration.apply(self.logits(rows)), self.parts.anomaly.score(rows))

    def reasons(self, features: npt.NDArray[np.float32], kind: str = "card") -> list[list[Reason]]:
        """Return the top three reasons of each raw row [n, features]."""
        return top_reasons(self.logits, features, self.standardise(features), repeat(kind), self._specification)

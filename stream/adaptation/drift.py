"""Notices that a line's unlabelled events have come to be scored otherwise than before."""

import math
from typing import Protocol

_LOGIT_RANGE = 12.0
# One false alarm in many thousand events: a drift costs an adaptation.
_CONFIDENCE = 1e-4


class _Detector(Protocol):
    drift_detected: bool

    def update(self, x: float) -> None: ...


class ScoreDrift:
    """ADWIN over the log-odds of a line's background scores.

    New weights score otherwise for good reason, so each version starts anew. Bifet and
    Gavaldà, "Learning from time-changing data with adaptive windowing", 2007.
    """

    def __init__(self) -> None:
        """Start without a version."""
        self._version: int | None = None
        self._detector: _Detector | None = None
        self.detected = False

    def observe(self, score: float, weights_version: int) -> None:
        """Take one background score in [0, 1] and the version that gave it."""
        if self._detector is None or weights_version != self._version:
            self._detector = _new_detector()
            self._version = weights_version
            self.detected = False
        self._detector.update(_unit_logit(score))
        self.detected = self.detected or self._detector.drift_detected

    def acknowledge(self) -> None:
        """Forget what was detected: it was acted on."""
        self.detected = False


def warm_up() -> None:
    """Load what noticing needs, so that a line's first event need not wait for it."""
    _new_detector()


def _unit_logit(score: float) -> float:
    clipped = min(max(score, 1e-6), 1.0 - 1e-6)
    logit = math.log(clipped / (1.0 - clipped))
    return (min(max(logit, -_LOGIT_RANGE), _LOGIT_RANGE) + _LOGIT_RANGE) / (2.0 * _LOGIT_RANGE)


def _new_detector() -> _Detector:
    # A second to import, and only the learner needs it.
    from river.drift import ADWIN  # noqa: PLC0415

    detector: _Detector = ADWIN(delta=_CONFIDENCE)
    return detector

"""How good the same later events are ranked without and with what was learnt meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metalearn.evaluation.ranking import average_precision
from stream.events.scored_event import ScoredEvent
from stream.scoring.line_scorer import LineScorer


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Average precision on the same events.

    Attributes:
        frauds: Among the judged events.
        before: With the shared initialisation on the line's own scale, no labels.
        after: As scored live.
    """

    events: int
    frauds: int
    before: float
    after: float


def before_after(events: Sequence[ScoredEvent], frauds: set[str], unlabelled: LineScorer) -> BeforeAfter:
    """Compare live scores with those that weights without labels give to the same features.

    Args:
        events: Scored live, after the labels were learnt.
        frauds: Ids of the frauds.
        unlabelled: The line's weights before its first label.
    """
    labels = np.array([event.event_id in frauds for event in events], np.int8)
    rows = np.frombuffer(b"".join(event.features for event in events), "<f4").reshape(len(events), -1)
    live = np.array([event.score for event in events])
    return BeforeAfter(
        len(events),
        int(labels.sum()),
        average_precision(unlabelled.score(rows).score, labels),
        average_precision(live, labels),
    )

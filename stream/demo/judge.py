"""How well an unseen line's later events were ranked, without labels, by the yardstick, and as scored live."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from metalearn.tasks.task import Task
from stream.demo.act import Act
from stream.demo.before_after import before_after
from stream.demo.refitted import refitted_precision
from stream.events.scored_event import ScoredEvent
from stream.scoring.line_scorer import LineScorer
from stream.scoring.line_scorers import LineScorers

_MOST_VERSIONS = 100


@dataclass(frozen=True, slots=True)
class Judge:
    """What is known when all was fed.

    Attributes:
        tasks: The training lines.
        scorers: Of all weights there were.
        scored: All events as scored live.
        frauds: Ids of all frauds.
        labelled: Ids of those that were labelled.
    """

    tasks: Sequence[Task]
    scorers: LineScorers
    scored: Sequence[ScoredEvent]
    frauds: set[str]
    labelled: set[str]

    def of(self, act: Act) -> dict[str, Any]:
        """Return the figures of an act's unseen line."""
        own = [event for event in self.scored if event.line == act.line]
        judged = [event for event in own if event.occurred_at_s >= act.judged_from_s]
        past = [event for event in own if event.occurred_at_s < act.judged_from_s]
        before = self._without_labels(act.line)
        judgement = before_after(judged, self.frauds, before)
        refitted = refitted_precision(self.tasks, before.standardisation, past, self.labelled, judged, self.frauds)
        example = next((event for event in judged if event.alerted and event.event_id in self.frauds), None)
        return {
            "line": act.line,
            "labelled_frauds": sum(event.event_id in self.labelled for event in own),
            "events_judged": judgement.events,
            "frauds_judged": judgement.frauds,
            "average_precision_pooled": round(judgement.before, 4),
            "average_precision_refitted_trees": round(refitted, 4),
            "average_precision_adapted": round(judgement.after, 4),
            "weights_version": judged[-1].weights_version if judged else 0,
            "an_alert": None if example is None else {
                "score": round(example.score, 4),
                "reasons": [reason.text for reason in example.reasons],
            },
        }  # fmt: skip

    def _without_labels(self, line: str) -> LineScorer:
        """Return the line's last weights before its first label."""
        versions = [
            version
            for version in range(_MOST_VERSIONS)
            if (found := self.scorers.find(line, version)) and not found.manifest.support_frauds
        ]
        return self.scorers.get(line, max(versions, default=0))

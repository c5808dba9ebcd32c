"""Learns from labelled examples, line by line: when something is due, new weights and their audit."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

from stream.adaptation.adaptation_record import AdaptationRecord, WithheldRecord
from stream.adaptation.adapter import Adapter
from stream.adaptation.label_ledger import Withheld
from stream.adaptation.labelled_example import LabelledExample
from stream.adaptation.line_memory import LineMemory
from stream.adaptation.source_standing import Standing
from stream.adaptation.trial import Trial, try_candidate
from stream.adaptation.trigger import Attempt, Reason, due
from stream.clock import Clock
from stream.events.business_line import BusinessLine
from stream.features.specification import FeatureSpecification
from stream.scoring.line_weights import LineWeights

# A line's first weights may be followed at once by those that its labels ask for.
_MOST_PER_LINE = 2
_MOST_WITHHELD_TOLD = 20


@dataclass(frozen=True, slots=True)
class Adaptation:
    """The outcome of one attempt.

    Attributes:
        weights: To be published and put in force; None where the gate refused them.
        attempt: What was known, for whoever learns this line next.
        forgotten: Versions that need not be kept any longer.
    """

    weights: LineWeights | None
    record: AdaptationRecord
    attempt: Attempt
    forgotten: tuple[int, ...]


@dataclass(slots=True)
class Learnt:
    """What came of some examples.

    Attributes:
        adaptations: The attempts, in the order in which they must take effect.
        withheld: How many labels did not teach, by line and reason.
        audits: Of labels that did not teach; of many of a source, few are told of.
    """

    adaptations: list[Adaptation] = field(default_factory=list)
    withheld: Counter[tuple[str, str]] = field(default_factory=Counter)
    audits: list[WithheldRecord] = field(default_factory=list)


class LineLearner:
    """The learner of one partition of `labelled-examples`: what its lines know, and when they adapt."""

    def __init__(self, lines: Mapping[str, BusinessLine], adapter: Adapter, clock: Clock) -> None:
        """Start without examples.

        Args:
            lines: Business lines by name; examples of others are passed over.
            adapter: Makes weights from the shared initialisation.
            clock: Gives the time that new weights are dated with.
        """
        self._lines = lines
        self._adapter = adapter
        self._clock = clock
        self._memories: dict[str, LineMemory] = {}

    @property
    def specification(self) -> FeatureSpecification:
        """The features that it learns from."""
        return self._adapter.shared.specification

    def fold(self, examples: Sequence[LabelledExample]) -> None:
        """Remember examples without adapting: a restart reads the topic again from its start."""
        for example in examples:
            if example.line in self._lines:
                self._memory(example.line).fold(example)

    def learn(self, examples: Sequence[LabelledExample]) -> Learnt:
        """Remember examples and adapt the lines for which that is due.

        Args:
            examples: In order of their offsets.
        """
        learnt = Learnt()
        # Example by example, so that what is learnt does not depend on how runs are cut.
        for example in examples:
            if example.line in self._lines:
                memory = self._memory(example.line)
                for one in memory.fold(example):
                    learnt.withheld[example.line, one.reason] += 1
                    learnt.audits += _audited(memory, one)
                learnt.adaptations += self._adapt_if_due(example.line)
        return learnt

    def _adapt_if_due(self, line: str) -> list[Adaptation]:
        made: list[Adaptation] = []
        for _ in range(_MOST_PER_LINE):
            if (reason := self._due(line)) is None:
                break
            made += self._attempts(line, reason)
        return made

    def _attempts(self, line: str, reason: Reason) -> list[Adaptation]:
        first, left_out = self._attempt(line, reason, with_new_sources=True)
        if first.weights is not None or not left_out:
            return [first]
        # Labels that nobody vouches for must not keep honest ones from being learnt.
        second, _ = self._attempt(line, reason, with_new_sources=False)
        told = second.record.model_copy(update={"left_out": dict(left_out)})
        return [first, replace(second, record=told)]

    def on_weights(self, weights: LineWeights) -> None:
        """Take note of a version on `line-weights`, this learner's own or another's."""
        if weights.manifest.line in self._lines:
            self._memory(weights.manifest.line).on_weights(weights)

    def on_activation(self, line: str, version: int, *, by_learner: bool) -> None:
        """Take note that a version was put in force, by adaptation or by a person's rollback."""
        if line in self._lines:
            self._memory(line).on_activation(version, by_learner=by_learner)

    def on_attempt(self, line: str, attempt: Attempt) -> None:
        """Take note of a line's last attempt, this learner's own or a former one's."""
        if line in self._lines:
            self._memory(line).on_attempt(attempt)

    def current_weights(self, line: str) -> LineWeights:
        """Return the weights in force of a line."""
        return self._memory(line).current

    def source_counts(self, line: str) -> Mapping[Standing, int]:
        """Return how many of the line's sources have which standing."""
        return self._memory(line).ledger.sources.counts() if line in self._lines else {}

    def support_labels(self, line: str) -> dict[str, int]:
        """Return how many labels of each kind the line's buffer holds, the gate's included."""
        return self._memory(line).buffer.label_counts() if line in self._lines else {}

    def _memory(self, line: str) -> LineMemory:
        if line not in self._memories:
            self._memories[line] = LineMemory(self._lines[line], self._adapter)
        return self._memories[line]

    def _due(self, line: str) -> Reason | None:
        memory = self._memory(line)
        last = memory.last_attempt
        return due(memory.policy, memory.buffer, last, self._adapter.initialisation_id, drifted=memory.drift.detected)

    def _attempt(self, line: str, reason: Reason, *, with_new_sources: bool) -> tuple[Adaptation, Counter[str]]:
        memory = self._memory(line)
        began_s = time.perf_counter()
        made_at = datetime.fromtimestamp(self._clock.now_s(), UTC)
        plan = memory.plan(with_new_sources=with_new_sources)
        trial = try_candidate(plan, memory.buffer, self._adapter, made_at)
        record = _record(memory, trial, reason, made_at, time.perf_counter() - began_s)
        forgotten = memory.attempted(plan, trial)
        attempt = memory.last_attempt
        assert attempt is not None  # noqa: S101 - one was just made
        made = Adaptation(trial.candidate if trial.verdict.accepted else None, record, attempt, tuple(forgotten))
        return made, trial.sample.from_new_sources()


def _audited(memory: LineMemory, one: Withheld) -> list[WithheldRecord]:
    if one.count & (one.count - 1):
        return []
    event_time = datetime.fromtimestamp(memory.event_time_s, UTC)
    return [WithheldRecord(line=memory.line.name, event_time=event_time, **asdict(one))]


def _withheld(memory: LineMemory) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (source, reason), count in memory.ledger.withheld.most_common(_MOST_WITHHELD_TOLD):
        found.setdefault(source, {})[reason] = count
    return found


def _record(memory: LineMemory, trial: Trial, reason: Reason, made_at: datetime, took_s: float) -> AdaptationRecord:
    manifest = trial.candidate.manifest
    return AdaptationRecord(
        line=manifest.line,
        version=manifest.version,
        parent_version=manifest.parent_version,
        outcome="accepted" if trial.verdict.accepted else "rejected",
        trigger=reason,
        reason=trial.verdict.reason,
        figures=trial.verdict.figures,
        initialisation=manifest.initialisation,
        support_frauds=len(trial.sample.frauds),
        support_genuine=len(trial.sample.genuine),
        support_presumed_genuine=len(trial.sample.presumed),
        background=memory.buffer.background_count(),
        made_at=made_at,
        event_time=datetime.fromtimestamp(memory.buffer.watermark_s, UTC),
        newest_label_produced_at_ms=manifest.newest_label_produced_at_ms,
        took_s=took_s,
        digest=manifest.digest,
        withheld=_withheld(memory),
    )

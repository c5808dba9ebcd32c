"""All that the learner remembers of one line: examples, versions, the last attempt."""

from stream.adaptation.adapter import Adapter
from stream.adaptation.drift import ScoreDrift
from stream.adaptation.label_ledger import LabelLedger, LedgerPolicy, Withheld
from stream.adaptation.labelled_example import LabelledExample
from stream.adaptation.support_buffer import BufferLimits, SupportBuffer
from stream.adaptation.trial import Trial, TrialPlan
from stream.adaptation.trigger import Attempt, TriggerPolicy
from stream.events.business_line import AdaptationPolicy, BusinessLine
from stream.scoring.line_weights import LineWeights

_LEAST_EVENTS_REMEMBERED = 20_000


class LineMemory:
    """Examples folded, versions seen, and which of them is in force."""

    def __init__(self, line: BusinessLine, adapter: Adapter) -> None:
        """Start with nothing but the shared initialisation."""
        policy = line.adaptation
        self.line = line
        self.policy = TriggerPolicy(
            policy.min_new_frauds,
            policy.min_new_labels,
            policy.growth,
            policy.max_age_s,
            policy.drift,
            policy.support_genuine,
        )
        taught_share = max(1.0 - policy.gate_share, 0.1)
        limits = BufferLimits(
            int(policy.support_frauds / taught_share), policy.support_genuine, policy.gate_share, line.label_delay_s
        )
        self.buffer = SupportBuffer(limits, adapter.feature_hash)
        self.ledger = LabelLedger(_ledger_policy(policy, limits))
        self.event_time_s = float("-inf")
        self.drift = ScoreDrift()
        self._shared = adapter.shared
        self._versions: dict[int, LineWeights] = {}
        self._active = 0
        self._made: set[int] = set()
        self.last_attempt: Attempt | None = None

    def fold(self, example: LabelledExample) -> list[Withheld]:
        """Take one example; return whether it is a label that does not teach."""
        # Not the buffer's, which passes over examples of former feature specifications.
        self.event_time_s = max(self.event_time_s, example.occurred_at_s)
        self.buffer.observe(example)
        if example.kind == "background":
            self.buffer.place(example)
            if self.policy.drift:
                self.drift.observe(example.score, example.weights_version)
            return []
        rulings, withheld = self.ledger.take(example, self.event_time_s)
        for ruling in rulings:
            self.buffer.place(ruling.example, stands=ruling.stands)
        return withheld

    @property
    def current(self) -> LineWeights:
        """The weights in force: the shared initialisation before the line's first."""
        return self._versions.get(self._active, self._shared)

    @property
    def anchor(self) -> LineWeights:
        """The weights in force before the labels that are still too young to be trusted."""
        trusted_s = self._trusted_until_s
        old = [at for at, one in self._versions.items() if one.manifest.gate.get("event_time_s", 0.0) <= trusted_s]
        return self._versions.get(max((at for at in old if at <= self._active), default=0), self._shared)

    @property
    def next_version(self) -> int:
        """The version after the newest that was ever made, accepted or not."""
        attempted = self.last_attempt.version if self.last_attempt is not None else 0
        return max(max(self._versions, default=0), attempted) + 1

    def plan(self, *, with_new_sources: bool = True) -> TrialPlan:
        """Return what the next attempt starts from.

        Args:
            with_new_sources: Whether labels teach that rest on sources nothing vouches for.
        """
        first = self.last_attempt is None
        return TrialPlan(
            line=self.line.name,
            version=self.next_version,
            current=self.current,
            anchor=self.anchor,
            known_by=int(self.current.manifest.gate.get("folded", 0)),
            trusted_until_s=self._trusted_until_s,
            # A line's first weights learn no label, so all labels are still new to the trigger.
            folded=0 if first else self.buffer.folded,
            with_labels=not first,
            with_new_sources=with_new_sources,
            support_genuine=self.line.adaptation.support_genuine,
            gate_tolerance=self.line.adaptation.gate_tolerance,
        )

    def attempted(self, plan: TrialPlan, trial: Trial) -> list[int]:
        """Take note of an attempt; an accepted candidate is in force from here on.

        Returns:
            Versions that need not be kept any longer.
        """
        manifest = trial.candidate.manifest
        self.last_attempt = self._attempt_now(plan.folded, manifest.initialisation, manifest.version)
        self.drift.acknowledge()
        if not trial.verdict.accepted:
            return []
        former, self._active = self._active, manifest.version
        self._versions[manifest.version] = trial.candidate
        self._made.add(manifest.version)
        return self._forget_all_but({former, self._active, self.anchor.manifest.version})

    def on_weights(self, weights: LineWeights) -> None:
        """Keep a version."""
        self._versions.setdefault(weights.manifest.version, weights)

    def on_attempt(self, attempt: Attempt) -> None:
        """Take note of the last attempt of the learner that had this line before."""
        if self.last_attempt is None:
            self.last_attempt = attempt

    def on_activation(self, version: int, *, by_learner: bool) -> None:
        """Put a version in force; what this learner itself had activated is in force already."""
        echo = by_learner and version in self._made
        if echo or version == self._active:
            return
        self._active = version
        if self.last_attempt is not None:
            # Whoever chose this version has seen the labels: only newer ones count.
            known = self.current.manifest.initialisation
            self.last_attempt = self._attempt_now(self.buffer.folded, known, self.last_attempt.version)

    @property
    def _trusted_until_s(self) -> float:
        return self.buffer.watermark_s - self.line.adaptation.trust_after_s

    def _attempt_now(self, folded: int, initialisation: str, version: int) -> Attempt:
        buffer = self.buffer
        return Attempt(folded, buffer.background_count(), buffer.watermark_s, initialisation, version)

    def _forget_all_but(self, needed: set[int]) -> list[int]:
        old = sorted(self._versions)[: -self.line.adaptation.keep_versions]
        forgotten = [version for version in old if version not in needed]
        for version in forgotten:
            del self._versions[version]
        return forgotten


def _ledger_policy(policy: AdaptationPolicy, limits: BufferLimits) -> LedgerPolicy:
    return LedgerPolicy(
        named=policy.trusted_sources,
        refused=policy.refused_sources,
        # Where nobody is named, nobody is a stranger.
        founding_s=policy.trust_after_s if policy.trusted_sources else float("inf"),
        labels_per_day=policy.source_labels_per_day,
        new_share=policy.new_source_share,
        most_frauds=limits.frauds,
        most_genuine=limits.genuine,
        most_events=max(_LEAST_EVENTS_REMEMBERED, 4 * (limits.frauds + limits.genuine)),
    )

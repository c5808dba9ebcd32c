"""All that the learner remembers of one line: examples, versions, the last attempt."""

from stream.adaptation.adapter import Adapter
from stream.adaptation.drift import ScoreDrift
from stream.adaptation.labelled_example import LabelledExample
from stream.adaptation.support_buffer import BufferLimits, SupportBuffer
from stream.adaptation.trial import Trial, TrialPlan
from stream.adaptation.trigger import Attempt, TriggerPolicy
from stream.events.business_line import BusinessLine
from stream.scoring.line_weights import LineWeights


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
        self.drift = ScoreDrift()
        self._shared = adapter.shared
        self._versions: dict[int, LineWeights] = {}
        self._active = 0
        self._attempt: Attempt | None = None
        self._known_by: dict[int, int] = {}
        self._made: set[int] = set()

    def fold(self, example: LabelledExample) -> None:
        """Take one example."""
        self.buffer.fold(example)
        if self.policy.drift and example.kind == "background":
            self.drift.observe(example.score, example.weights_version)

    @property
    def current(self) -> LineWeights:
        """The weights in force: the shared initialisation before the line's first."""
        return self._versions.get(self._active, self._shared)

    @property
    def next_version(self) -> int:
        """The version after the newest that was ever published."""
        return max(self._versions, default=0) + 1

    def known_by(self) -> int:
        """Return how many examples had been folded when the weights in force were made."""
        if self._active not in self._known_by:
            self._known_by[self._active] = self.buffer.folded_by(self.current.manifest.newest_label_produced_at_ms)
        return self._known_by[self._active]

    def last_attempt(self) -> Attempt | None:
        """Return what was known at the last attempt, after a restart at the weights in force."""
        if self._attempt is None and self._active in self._versions:
            manifest = self.current.manifest
            background = int(manifest.gate.get("background_rows", self.buffer.background_count()))
            event_time_s = manifest.gate.get("event_time_s", self.buffer.watermark_s)
            self._attempt = Attempt(self.known_by(), background, event_time_s, manifest.initialisation)
        return self._attempt

    def plan(self) -> TrialPlan:
        """Return what the next attempt starts from."""
        return TrialPlan(
            line=self.line.name,
            version=self.next_version,
            current=self.current,
            known_by=self.known_by(),
            with_labels=self.last_attempt() is not None,
            support_genuine=self.line.adaptation.support_genuine,
            gate_tolerance=self.line.adaptation.gate_tolerance,
        )

    def attempted(self, trial: Trial) -> None:
        """Take note of an attempt; an accepted candidate is in force from here on."""
        manifest = trial.candidate.manifest
        # A line's first weights learn no label, so all labels are still new to the trigger.
        folded = 0 if self._attempt is None else self.buffer.folded
        self._attempt = Attempt(
            folded, self.buffer.background_count(), self.buffer.watermark_s, manifest.initialisation
        )
        self.drift.acknowledge()
        if trial.verdict.accepted:
            self.on_weights(trial.candidate)
            self._active = manifest.version
            self._known_by[manifest.version] = folded
            self._made.add(manifest.version)

    def on_weights(self, weights: LineWeights) -> None:
        """Keep a version, the newest `keep_versions` and the one in force."""
        self._versions.setdefault(weights.manifest.version, weights)
        for version in sorted(self._versions)[: -self.line.adaptation.keep_versions]:
            if version != self._active:
                del self._versions[version]

    def on_activation(self, version: int, *, by_learner: bool) -> None:
        """Put a version in force; what this learner itself had activated is in force already."""
        echo = by_learner and version in self._made
        if echo or version == self._active:
            return
        rolled_back = self._attempt is not None
        self._active = version
        if rolled_back:
            # Whoever chose this version has seen the labels: only newer ones count.
            self._attempt = Attempt(
                self.buffer.folded,
                self.buffer.background_count(),
                self.buffer.watermark_s,
                self.current.manifest.initialisation,
            )

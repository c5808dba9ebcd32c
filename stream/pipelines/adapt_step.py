"""Labelled examples of one partition of lines in; weights, their activation and their audit out."""

import math
from collections import Counter

import msgspec
import numpy as np

from stream.adaptation.adaptation_record import AdaptationRecord
from stream.adaptation.labelled_example import LabelledExample, decode, is_background
from stream.adaptation.trigger import Attempt
from stream.errors import WeightsRefusedError
from stream.events.decode import Rejected, SourceRecord
from stream.events.history_steps import ACTIVATION_GRID_S
from stream.events.unreadable import UNREADABLE
from stream.features.partition_state import PartitionState
from stream.features.specification import FeatureSpecification
from stream.metrics import Metrics
from stream.pipelines.adapt_line import Adaptation, Learnt, LineLearner
from stream.pipelines.effects import ADAPTATIONS, Effects, Outgoing
from stream.pipelines.live_weights import (
    LEARNER,
    Activation,
    activate,
    attempt_key,
    delete,
    publish,
    remember,
    signed,
    split_key,
    stored_weights,
)
from stream.scoring.signature import Signer
from stream.scoring.weights_check import MOST_MAGNITUDE

_LABEL_TRIGGERS = ("frauds", "labels", "age")


def activation_of(record: AdaptationRecord) -> Activation:
    """Return how an accepted candidate is put in force."""
    at_once = record.trigger in _LABEL_TRIGGERS
    event_time_s = record.event_time.timestamp()
    not_before_s = 0.0 if at_once else (math.floor(event_time_s / ACTIVATION_GRID_S) + 1) * ACTIVATION_GRID_S
    return Activation(
        record.version, LEARNER, f"{record.trigger}: {record.reason}", record.made_at.isoformat(), not_before_s
    )


class AdaptStep:
    """Adapts the lines of one partition of `labelled-examples`."""

    state: PartitionState | None = None

    def __init__(
        self,
        learner: LineLearner,
        known: "KnownWeights",
        metrics: Metrics,
        scoring_partitions: int,
        signer: Signer | None = None,
    ) -> None:
        """Join a learner to its outputs.

        Args:
            learner: What this partition's lines know.
            known: What `line-weights` says, read before each run.
            metrics: Where adaptations are booked.
            scoring_partitions: Partitions of `enriched-events`, each of which must be told of a swap.
            signer: Signs what goes to `line-weights`, None where nobody asks for signatures.
        """
        self._learner = learner
        self._known = known
        self._seen: dict[bytes, int] = {}
        self._metrics = metrics
        self._scoring_partitions = scoring_partitions
        self._signer = signer
        self._made: list[Adaptation] = []
        self._withheld: Counter[tuple[str, str]] = Counter()

    def replay_from(self, topic: str) -> int | None:  # noqa: ARG002 - the protocol's signature
        """Return 0: the support buffers are rebuilt from the topic's first record."""
        return 0

    def replay(self, records: list[SourceRecord]) -> None:
        """Remember examples without adapting."""
        examples = (_decode(record, [], self._learner.specification) for record in records)
        self._learner.fold([example for example in examples if example is not None])

    def urgent(self, records: list[SourceRecord]) -> bool:
        """Return whether a label is among these."""
        return any(not is_background(record.value or b"") for record in records)

    async def prepare(self, records: list[SourceRecord]) -> None:
        """Wait for nothing."""

    def process(self, records: list[SourceRecord]) -> Effects:
        """Remember examples and adapt what is due."""
        outgoing: list[Outgoing] = []
        rejected: list[Rejected] = []
        touched: set[str] = set()
        taken = 0
        self._made, self._withheld = [], Counter()
        # Weights are published before the next record is looked at: no label waits for another's.
        while taken < len(records) and not self._made:
            example = _decode(records[taken], rejected, self._learner.specification)
            taken += 1
            if example is not None:
                if example.line not in touched:
                    self._catch_up(example.line)
                touched.add(example.line)
                learnt = self._learner.learn([example])
                outgoing += _audits(learnt)
                self._made = learnt.adaptations
                self._withheld += learnt.withheld
        for made in self._made:
            outgoing += self._published(made)
        self._book_support(touched)
        return Effects(outgoing, rejected, taken)

    def _published(self, made: Adaptation) -> list[Outgoing]:
        record = made.record
        outgoing = [Outgoing(ADAPTATIONS, record.line.encode(), record.model_dump_json().encode())]
        if made.weights is not None:
            outgoing.append(publish(made.weights))
            outgoing += activate(record.line, activation_of(record), self._scoring_partitions)
            outgoing += [delete(record.line, version) for version in made.forgotten]
        # After the pointer: what a former learner put in force is no rollback by hand.
        outgoing.append(remember(record.line, made.attempt))
        return signed(outgoing, self._signer)

    def _book_support(self, lines: set[str]) -> None:
        for line in lines:
            for label, count in self._learner.support_labels(line).items():
                self._metrics.gauge("foreshot_support_labels", count, line=line, label=label)
            for standing, count in self._learner.source_counts(line).items():
                self._metrics.gauge("foreshot_label_sources", count, line=line, standing=standing)

    def _catch_up(self, line: str) -> None:
        # Records come on the event loop; the learner works in a thread and must not be changed under it.
        self._known.tell(line, self._learner, self._seen)

    def committed(self) -> None:
        """Book the adaptations that are now visible."""
        for made in self._made:
            record = made.record
            self._metrics.count(
                "foreshot_adaptations", line=record.line, outcome=record.outcome, trigger=record.trigger
            )
            self._metrics.observe("foreshot_adaptation_seconds", [record.took_s], line=record.line)
        for (line, reason), count in self._withheld.items():
            self._metrics.count("foreshot_labels_withheld", count, line=line, reason=reason)
        self._made, self._withheld = [], Counter()

    def close(self) -> None:
        """Hold nothing."""


def _audits(learnt: Learnt) -> list[Outgoing]:
    return [Outgoing(ADAPTATIONS, one.line.encode(), one.model_dump_json().encode()) for one in learnt.audits]


def _decode(
    record: SourceRecord, rejected: list[Rejected], specification: FeatureSpecification
) -> LabelledExample | None:
    try:
        found = decode(record.value or b"")
    except UNREADABLE as error:
        rejected.append(Rejected(record, "unreadable", None, str(error)))
        return None
    if found.feature_hash == specification.hash and (detail := _misfit(found.features, specification)):
        rejected.append(Rejected(record, "feature_width", "features", detail))
        return None
    return found


def _misfit(features: bytes, specification: FeatureSpecification) -> str | None:
    if len(features) != (expected := 4 * len(specification.features)):
        return f"{len(features)} bytes, this worker reads {expected}"
    # Taught, one such number would leave a line's scale without any; no feature is ever so large.
    if not (np.abs(np.frombuffer(features, "<f4")) <= MOST_MAGNITUDE).all():
        return f"a feature is not finite or beyond {MOST_MAGNITUDE:g}"
    return None


class KnownWeights:
    """The newest and the active weights of every line, for learners that start at any time."""

    def __init__(self, feature_hash: str) -> None:
        """Keep weights of one feature specification."""
        self._feature_hash = feature_hash
        self._records: dict[str, dict[bytes, tuple[int, bytes]]] = {}
        self._count = 0

    def take(self, key: bytes, value: bytes | None) -> None:
        """Take one record of `line-weights`."""
        line, _ = split_key(key)
        kept = self._records.setdefault(line, {})
        if value is None:
            kept.pop(key, None)
            return
        self._count += 1
        kept[key] = (self._count, value)

    def tell(self, line: str, learner: LineLearner, seen: dict[bytes, int]) -> None:
        """Tell a learner what it has not seen of a line, in the order it was written.

        Args:
            line: The line.
            learner: Who is told.
            seen: What the learner has seen; changed in place.
        """
        # Copied at once: the event loop goes on taking records while the learner's thread reads.
        records = list(self._records.get(line, {}).items())
        fresh = [(count, key, value) for key, (count, value) in records]
        for count, key, value in sorted(fresh):
            if seen.get(key, 0) < count:
                seen[key] = count
                self._tell_one(line, learner, key, value)

    def _tell_one(self, line: str, learner: LineLearner, key: bytes, value: bytes) -> None:
        try:
            if split_key(key)[1] is not None:
                learner.on_weights(stored_weights(key, value, self._feature_hash))
            elif key == attempt_key(line):
                learner.on_attempt(line, msgspec.json.decode(value, type=Attempt))
            else:
                pointer = msgspec.json.decode(value, type=Activation)
                learner.on_activation(line, pointer.version, by_learner=pointer.by == LEARNER)
        except (WeightsRefusedError, *UNREADABLE):
            # The scorers refuse, count and log the same record.
            return

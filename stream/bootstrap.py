"""Chooses the real parts and joins them: the one place that does."""

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from metalearn.checkpoint import Initialisation
from stream.adaptation.adapter import Adapter
from stream.adaptation.feature_store import FeatureStore
from stream.adaptation.label_state import LabelState
from stream.alerts.budget import AlertBudget
from stream.alerts.deduplicator import AlertDeduplicator
from stream.clock import SystemClock
from stream.errors import UsageError
from stream.events.business_line import BusinessLine
from stream.events.decode import Decoder
from stream.events.line_file import load_lines
from stream.features.counterparty import CounterpartyState
from stream.features.specification import feature_hash
from stream.features.subject import SubjectState
from stream.logs import set_up_logging
from stream.metrics import Metrics
from stream.pipelines import effects
from stream.pipelines.active_versions import ActiveVersions
from stream.pipelines.adapt_line import LineLearner
from stream.pipelines.adapt_step import AdaptStep, KnownWeights
from stream.pipelines.live_weights import LiveWeights
from stream.pipelines.match_step import MatchStep
from stream.pipelines.profile_subject import ProfileStep, RekeyStep
from stream.pipelines.raise_alert import RaiseStep
from stream.pipelines.score_event import Scoring
from stream.pipelines.score_step import ScoreStep
from stream.scoring.initialisation import load_initialisation, shared_weights
from stream.scoring.line_scorers import LineScorers
from stream.settings import Settings, split_paths
from stream.transport.app import StreamWorker
from stream.transport.health import Health
from stream.transport.stage import Stage
from stream.transport.topics import (
    MATCH_STATE,
    PROFILE_STATE,
    RAISE_STATE,
    REKEYED_SUFFIX,
    SCORE_STATE,
    Topics,
    ensure_topics,
    line_topics,
    partition_count,
)
from stream.transport.weights_topic import WeightsTopic

DAY_S = 86_400.0


class WorkerParts:
    """The parts that the stages of one worker share."""

    def __init__(self, settings: Settings, lines: Mapping[str, BusinessLine], initialisation: Initialisation) -> None:
        """Join them; nothing connects yet."""
        self.settings = settings
        self.lines = lines
        self.initialisation = initialisation
        self.names = Topics(settings.topic_prefix)
        self.metrics = Metrics()
        self.clock = SystemClock()
        self.weights = WeightsTopic(settings.bootstrap_servers, self.names.named(effects.LINE_WEIGHTS))
        self.partitions = partition_count(settings, effects.ENRICHED_EVENTS)

    def score_stages(self) -> list[Stage]:
        """Return profile, score and raise, and rekey where a line asks for it."""
        scorers = LineScorers(shared_weights(self.initialisation))
        live = LiveWeights(scorers, feature_hash(), self.metrics)
        self.weights.listen(live.take)
        named = self.names.named
        sources = line_topics(self.lines.values())
        profiled = tuple(named(topic + REKEYED_SUFFIX if rekey else topic) for topic, rekey in sources.items())
        return [
            *(self._rekey_stage(topic) for topic, rekey in sources.items() if rekey),
            Stage("profile", profiled, named(PROFILE_STATE), self._profile_step),
            Stage(
                "score",
                (named(effects.ENRICHED_EVENTS),),
                named(SCORE_STATE),
                lambda partition: self._score_step(scorers, live, partition),
                before=self.weights.loaded,
            ),
            Stage(
                "raise",
                (named(effects.ALERT_CANDIDATES),),
                named(RAISE_STATE),
                lambda _: RaiseStep(self.lines, AlertDeduplicator(), self.metrics),
            ),
        ]

    def learn_stages(self) -> list[Stage]:
        """Return match and adapt."""
        known = KnownWeights(feature_hash())
        self.weights.listen(known.take)
        adapter = Adapter(self.initialisation)
        keep = {name: line.adaptation.keep_versions for name, line in self.lines.items()}
        named = self.names.named
        labels = named(effects.FRAUD_LABELS)
        return [
            Stage("match", (named(effects.SCORED_EVENTS), labels), named(MATCH_STATE), self._match_step),
            Stage(
                "adapt",
                (named(effects.LABELLED_EXAMPLES),),
                None,
                lambda _: AdaptStep(
                    LineLearner(self.lines, adapter, self.clock), keep, known, self.metrics, self.partitions
                ),
                before=partial(self._ready_to_adapt, adapter),
                in_thread=True,
            ),
        ]

    async def _ready_to_adapt(self, adapter: Adapter) -> None:
        await asyncio.gather(self.weights.loaded(), asyncio.to_thread(adapter.warm_up))

    def _decoder(self) -> Decoder:
        settings = self.settings
        return Decoder(self.lines, self.clock, settings.max_event_bytes, settings.topic_prefix)

    def _rekey_stage(self, topic: str) -> Stage:
        return Stage(
            f"rekey-{topic}",
            (self.names.named(topic),),
            None,
            lambda _: RekeyStep(self._decoder(), topic + REKEYED_SUFFIX),
        )

    def _profile_step(self, partition: int) -> ProfileStep:
        return ProfileStep(self._decoder(), SubjectState(self.settings.max_entities), self.metrics, partition)

    def _score_step(self, scorers: LineScorers, live: LiveWeights, partition: int) -> ScoreStep:
        scoring = Scoring(
            self.lines,
            CounterpartyState(self.settings.max_entities),
            scorers,
            ActiveVersions(),
            AlertBudget(),
            self.partitions,
            self.clock,
        )
        return ScoreStep(scoring, live, self.metrics, partition)

    def _match_step(self, partition: int) -> MatchStep:
        horizon_s = self.settings.label_horizon_days * DAY_S
        folder = Path(self.settings.state_folder) / "features" / f"{self.settings.topic_prefix}{partition}"
        return MatchStep(
            LabelState(horizon_s),
            FeatureStore(folder, horizon_s),
            self.lines,
            self.metrics,
            partition,
            self.partitions,
            self.names.named(effects.FRAUD_LABELS),
        )


def build_worker(settings: Settings, role: str) -> StreamWorker:
    """Return a worker, its topics made or checked.

    Args:
        settings: Of this worker.
        role: `score`, `learn` or `all`.

    Raises:
        UsageError: A line file or the initialisation is missing or wrong.
        BrokerUnavailableError: Kafka cannot be reached.
    """
    lines = load_lines(split_paths(settings.lines))
    initialisation = load_worker_initialisation(settings)
    ensure_topics(settings, lines.values())
    parts = WorkerParts(settings, lines, initialisation)
    stages = parts.score_stages() if role in ("score", "all") else []
    stages += parts.learn_stages() if role in ("learn", "all") else []
    return StreamWorker(settings, stages, parts.weights, parts.metrics, Health(settings.stall_seconds, parts.metrics))


def load_worker_initialisation(settings: Settings) -> Initialisation:
    """Return the shared initialisation that a setting names.

    Raises:
        UsageError: None is named, or the file does not fit.
    """
    if not settings.initialisation:
        raise UsageError("no initialisation is set; make one with `foreshot train` and set FORESHOT_INITIALISATION")
    return load_initialisation(Path(settings.initialisation), feature_hash())


def run_worker(settings: Settings, role: str) -> None:
    """Run a worker until it is told to stop."""
    set_up_logging(settings.log_level)
    build_worker(settings, role).run()

"""Chooses the real parts and joins them: the one place that does, with `bootstrap_learn` and `bootstrap_documents`."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from metalearn.checkpoint import Initialisation
from stream.alerts.budget import AlertBudget
from stream.alerts.deduplicator import AlertDeduplicator
from stream.bootstrap_documents import answer_inquiries, document_stages
from stream.errors import UsageError
from stream.events.business_line import BusinessLine
from stream.events.decode import Decoder
from stream.events.line_file import load_lines
from stream.features.counterparty import CounterpartyState
from stream.features.profile_state import ProfileState
from stream.features.specification import specification_of
from stream.logs import set_up_logging
from stream.one_core import use_one_core
from stream.pipelines import effects
from stream.pipelines.active_versions import ActiveVersions
from stream.pipelines.estimated_precision import EstimatedPrecision
from stream.pipelines.live_weights import LiveWeights
from stream.pipelines.profile_subject import ProfileStep, RekeyStep
from stream.pipelines.raise_alert import RaiseStep
from stream.pipelines.score_event import Scoring
from stream.pipelines.score_step import ScoreStep
from stream.rare_collections import collect_rarely
from stream.scoring.initialisation import load_initialisation
from stream.scoring.line_scorers import LineScorers, scorers_over
from stream.settings import Settings, split_paths
from stream.transport.app import StreamWorker
from stream.transport.health import Health
from stream.transport.permissions import permissions_of
from stream.transport.stage import Stage
from stream.transport.topics import (
    PROFILE_STATE,
    RAISE_STATE,
    REKEYED_SUFFIX,
    SCORE_STATE,
    document_topics,
    ensure_topics,
    line_topics,
)
from stream.weights_keys import trust_of
from stream.worker_parts import WorkerParts, pseudonyms_of

# Teaching runs in a thread; at Python's 5 ms each of its many small steps could wait so
# long for the event loop's to end.
_SWITCH_INTERVAL_S = 0.0005


def score_stages(parts: WorkerParts) -> list[Stage]:
    """Return profile, score and raise, and before them what lines ask for: rekey, or documents and claims."""
    scorers = scorers_over(parts.initialisation)
    live = LiveWeights(scorers, parts.specification.hash, parts.metrics, parts.weights.caught_up)
    estimated = EstimatedPrecision()
    parts.weights.listen(live.take)
    named = parts.names.named
    sources = line_topics(parts.lines.values())
    profiled = tuple(named(topic + REKEYED_SUFFIX if rekey else topic) for topic, rekey in sources.items())
    documents = document_topics(parts.lines.values())
    return [
        *(_rekey_stage(parts, topic) for topic, rekey in sources.items() if rekey and topic not in documents),
        *(document_stages(parts, documents) if documents else []),
        Stage("profile", profiled, PROFILE_STATE, lambda partition: _profile_step(parts, partition)),
        Stage(
            "score",
            (named(effects.ENRICHED_EVENTS),),
            SCORE_STATE,
            lambda partition: _score_step(parts, scorers, live, estimated, partition),
            before=parts.weights.caught_up,
        ),
        Stage(
            "raise",
            (named(effects.ALERT_CANDIDATES),),
            RAISE_STATE,
            lambda _: RaiseStep(parts.lines, AlertDeduplicator(), parts.metrics),
        ),
    ]


def _decoder(parts: WorkerParts) -> Decoder:
    settings = parts.settings
    return Decoder(parts.lines, parts.clock, settings.max_event_bytes, settings.topic_prefix)


def _rekey_stage(parts: WorkerParts, topic: str) -> Stage:
    return Stage(
        f"rekey-{topic}",
        (parts.names.named(topic),),
        None,
        lambda _: RekeyStep(_decoder(parts), topic + REKEYED_SUFFIX),
    )


def _profile_step(parts: WorkerParts, partition: int) -> ProfileStep:
    pseudonym = parts.pseudonyms.of if parts.pseudonyms is not None and parts.settings.pseudonymise_subjects else None
    state = ProfileState(parts.specification, parts.settings.max_entities)
    return ProfileStep(_decoder(parts), state, parts.metrics, partition, parts.partitions, pseudonym)


def _score_step(
    parts: WorkerParts, scorers: LineScorers, live: LiveWeights, estimated: EstimatedPrecision, partition: int
) -> ScoreStep:
    scoring = Scoring(
        parts.lines,
        CounterpartyState(parts.settings.max_entities),
        scorers,
        ActiveVersions(),
        AlertBudget(),
        parts.partitions,
        parts.clock,
    )
    return ScoreStep(scoring, live, parts.metrics, estimated, partition)


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
    initialisation = load_worker_initialisation(settings, lines)
    ensure_topics(settings, lines.values(), permissions_of(role, settings, list(lines.values())))
    parts = WorkerParts(settings, lines, initialisation)
    parts.metrics.gauge("foreshot_process_id", os.getpid())
    stages = score_stages(parts) if role in ("score", "all") else []
    if role in ("learn", "all"):
        # RocksDB, river and torch are not there where only scoring was installed.
        from stream.bootstrap_learn import learn_stages  # noqa: PLC0415

        stages += learn_stages(parts)
    health = Health(settings.stall_seconds, parts.metrics)
    worker = StreamWorker(settings, parts.cluster, stages, parts.weights, parts.metrics, health)
    if role in ("score", "all") and document_topics(lines.values()):
        answer_inquiries(parts, worker)
    return worker


def load_worker_initialisation(settings: Settings, lines: Mapping[str, BusinessLine]) -> Initialisation:
    """Return the shared initialisation that a setting names, if it is made for these lines' features.

    Raises:
        UsageError: None is named, or the file does not fit.
    """
    if not settings.initialisation:
        raise UsageError("no initialisation is set; make one with `foreshot train` and set FORESHOT_INITIALISATION")
    return load_initialisation(Path(settings.initialisation), specification_of(lines.values()), trust_of(settings))


def run_worker(settings: Settings, role: str) -> None:
    """Run a worker until it is told to stop."""
    set_up_logging(settings.log_level, pseudonyms_of(settings))
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    use_one_core()
    worker = build_worker(settings, role)
    collect_rarely()
    worker.run()

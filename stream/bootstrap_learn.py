"""Chooses the learner's real parts and joins them; needs the `learn` extra."""

import asyncio
from functools import partial
from pathlib import Path

from stream.adaptation import drift
from stream.adaptation.adapter import Adapter
from stream.adaptation.feature_store import FeatureStore
from stream.adaptation.label_state import LabelState
from stream.events.label_horizons import label_horizons
from stream.pipelines import effects
from stream.pipelines.adapt_line import LineLearner
from stream.pipelines.adapt_step import AdaptStep, KnownWeights
from stream.pipelines.confirmed_precision import ConfirmedPrecision
from stream.pipelines.match_step import MatchStep
from stream.scoring.signature import Signer
from stream.transport.stage import ADAPTING, MATCHING, Stage
from stream.transport.topics import MATCH_STATE, partition_count
from stream.weights_keys import signer_of
from stream.worker_parts import WorkerParts

DAY_S = 86_400.0
# Nobody waits for scored events to be kept; labels do not wait for this.
_PACE_S = 0.2


def learn_stages(parts: WorkerParts) -> list[Stage]:
    """Return match and adapt."""
    known = KnownWeights(parts.specification.hash)
    parts.weights.listen(known.take)
    signer = signer_of(parts.settings)
    adapter = Adapter(parts.initialisation)
    named = parts.names.named
    labels = named(effects.FRAUD_LABELS)
    # Labels belong where the scores are; activations, which adapt writes, where events are scored.
    partitions = partition_count(parts.settings, effects.SCORED_EVENTS)
    confirmed = ConfirmedPrecision(parts.metrics)
    return [
        Stage(
            "match",
            (named(effects.SCORED_EVENTS), labels),
            MATCH_STATE,
            lambda partition: _match_step(parts, confirmed, partition, partitions),
            pace_s=_PACE_S,
            transactions=MATCHING,
        ),
        Stage(
            "adapt",
            (named(effects.LABELLED_EXAMPLES),),
            None,
            lambda _: _adapt_step(parts, adapter, known, signer),
            before=partial(_ready_to_adapt, parts, adapter),
            in_thread=True,
            pace_s=_PACE_S,
            transactions=ADAPTING,
        ),
    ]


async def _ready_to_adapt(parts: WorkerParts, adapter: Adapter) -> None:
    await asyncio.gather(
        parts.weights.caught_up(), asyncio.to_thread(adapter.warm_up), asyncio.to_thread(drift.warm_up)
    )


def _adapt_step(parts: WorkerParts, adapter: Adapter, known: KnownWeights, signer: Signer | None) -> AdaptStep:
    learner = LineLearner(parts.lines, adapter, parts.clock)
    return AdaptStep(learner, known, parts.metrics, parts.partitions, signer)


def _match_step(parts: WorkerParts, confirmed: ConfirmedPrecision, partition: int, partitions: int) -> MatchStep:
    settings = parts.settings
    horizons = label_horizons(parts.lines.values(), settings.label_horizon_days * DAY_S)
    folder = Path(settings.state_folder) / "features" / f"{settings.topic_prefix}{partition}"
    return MatchStep(
        LabelState(horizons),
        FeatureStore(folder, horizons),
        parts.lines,
        parts.clock,
        parts.metrics,
        confirmed,
        partition,
        partitions,
        parts.names.named(effects.FRAUD_LABELS),
    )

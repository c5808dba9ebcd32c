"""The steps of one worker, the lines that they know, and good events and labels of them."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from metalearn.checkpoint import Initialisation, InitialisationManifest
from stream.adaptation.adapter import Adapter
from stream.adaptation.label_state import LabelState
from stream.adaptation.memory_store import MemoryFeatureStore
from stream.alerts.budget import AlertBudget
from stream.alerts.deduplicator import AlertDeduplicator
from stream.clock import FixedClock
from stream.events.decode import Decoder, SourceRecord
from stream.events.label_horizons import LabelHorizons
from stream.features.counterparty import CounterpartyState
from stream.features.profile_state import ProfileState
from stream.features.specification import PAYMENTS
from stream.metrics import Metrics
from stream.pipelines.active_versions import ActiveVersions
from stream.pipelines.adapt_line import LineLearner
from stream.pipelines.adapt_step import AdaptStep, KnownWeights
from stream.pipelines.confirmed_precision import ConfirmedPrecision
from stream.pipelines.effects import Effects, PartitionStep
from stream.pipelines.estimated_precision import EstimatedPrecision
from stream.pipelines.live_weights import LiveWeights
from stream.pipelines.match_step import MatchStep
from stream.pipelines.profile_subject import ProfileStep, RekeyStep
from stream.pipelines.raise_alert import RaiseStep
from stream.pipelines.score_event import Scoring
from stream.pipelines.score_step import ScoreStep
from stream.pipelines.weights_guard import WeightsGuard
from stream.scoring.line_scorers import LineScorers
from stream.scoring.signature import Trust
from tests.builders.events import NOON_S, a_line
from tests.builders.weights import weights_of_the_specification
from tests.faults.hostile_corpus import REFUNDING

MOST_BYTES = 65_536
HORIZON_S = 90 * 86_400.0
LABELS = "fraud-labels"
CLOCK = FixedClock(NOON_S + 30 * 86_400.0)

_PLACED = {"place": {"field": "town", "latitude": "lat", "longitude": "lon"}, "text": "text", "instrument": "card"}
LINES = {
    one.name: one
    for one in (
        a_line(_PLACED, match={"product": "cards"}),
        a_line(
            {"occurred_at": {"field": "time", "format": "epoch_ms"}, "amount": {"field": "amount", "unit": "minor"}},
            line="wallets",
            match={"product": "wallets"},
        ),
        a_line(
            {
                "occurred_at": {"field": "time", "format": "%d/%m/%Y %H:%M:%S", "timezone": "Europe/Paris"},
                "subject": {"fields": ["card", "town"]},
            },
            line="papers",
            match={"product": REFUNDING},
            allow_negative=True,
        ),
    )
}


def an_event(at: int, name: str = "h") -> dict[str, Any]:
    """Return a good event of one of the lines; no two share an id, a subject or a counterparty with another name's."""
    moment = datetime.fromtimestamp(NOON_S + 60 * (at % 40_000), UTC)
    common = {"id": f"{name}-{at}", "card": f"{name}-card-{at % 97}", "shop": f"{name}-shop-{at % 31}", "town": "Lyon"}
    if at % 3 == 0:
        place = {"lat": 45.7 + at % 5, "lon": 4.8, "text": "a table"}
        return {**common, **place, "product": "cards", "time": moment.isoformat(), "amount": 1 + at % 90 + 0.25}
    if at % 3 == 1:
        return {**common, "product": "wallets", "time": moment.timestamp() * 1_000, "amount": 100 + at % 9_000}
    return {**common, "product": REFUNDING, "time": moment.strftime("%d/%m/%Y %H:%M:%S"), "amount": f"{at % 50}.10"}


def a_label(at: int, name: str = "h") -> dict[str, Any]:
    """Return a good label of an event of line `cards`."""
    moment = datetime.fromtimestamp(NOON_S + 60 * (at % 40_000), UTC) + timedelta(days=2)
    return {
        "event_id": f"{name}-{at}",
        "line": "cards",
        "label": "fraud" if at % 4 else "genuine",
        "source": "analyst",
        "labelled_at": moment.isoformat(),
    }


class Worker:
    """The steps of one partition, as a worker joins them."""

    def __init__(self) -> None:
        """Start with empty states."""
        self.metrics = Metrics()
        shared = weights_of_the_specification(line="", version=0)
        self.scorers = LineScorers(shared)
        self.live = LiveWeights(self.scorers, PAYMENTS.hash, self.metrics)
        self.guard = WeightsGuard(Trust(), self.metrics)
        decoder = Decoder(LINES, CLOCK, MOST_BYTES)
        self.profile = ProfileStep(decoder, ProfileState(PAYMENTS), self.metrics, 0, 1)
        self.rekey = RekeyStep(decoder, "payments-rekeyed")
        scoring = Scoring(LINES, CounterpartyState(), self.scorers, ActiveVersions(), AlertBudget(), 1, CLOCK)
        self.score = ScoreStep(scoring, self.live, self.metrics, EstimatedPrecision(), 0)
        self.alert = RaiseStep(LINES, AlertDeduplicator(), self.metrics)
        self.match = MatchStep(
            LabelState(LabelHorizons(HORIZON_S)),
            MemoryFeatureStore(LabelHorizons(HORIZON_S)),
            LINES,
            CLOCK,
            self.metrics,
            ConfirmedPrecision(self.metrics),
            0,
            1,
            LABELS,
        )
        learner = LineLearner(LINES, Adapter(_initialisation(shared)), CLOCK)
        self.known = KnownWeights(PAYMENTS.hash)
        self.adapt = AdaptStep(learner, self.known, self.metrics, 1)


def _initialisation(shared: Any) -> Initialisation:
    names = tuple(one.name for one in PAYMENTS.features)
    manifest = InitialisationManifest(
        id="init",
        created_at="",
        feature_hash=PAYMENTS.hash,
        feature_names=names,
        widths=(8, 8),
        inner_steps=1,
        fraud_share=0.1,
    )
    layers = sum(name.startswith("layer") for name in shared.arrays)
    return Initialisation(manifest, {**shared.arrays, "inner.rate": np.full(layers, 0.01, np.float32)})


def records_of(topic: str, values: Iterable[bytes | None], first: int = 0) -> list[SourceRecord]:
    """Return values as they lie on a topic; some have odd keys and timestamps."""
    keys = (b"k", None, b"\xff\0\n", b"x" * 1_000_000, b"")
    times = (int(NOON_S * 1000), -1, 0, 2**62)
    return [
        SourceRecord(topic, 0, first + at, keys[0 if at % 50 else at % 5], value, times[0 if at % 20 else at // 20 % 4])
        for at, value in enumerate(values)
    ]


def run_step(step: PartitionStep, records: list[SourceRecord]) -> tuple[Effects, float]:
    """Return a step's effects over all records, taken as a runner takes them, and the seconds it took."""
    made = Effects()
    began = time.perf_counter()
    while records:
        part = step.process(records)
        step.committed()
        if step.state is not None:
            step.state.drain_changes()
        made.outgoing.extend(part.outgoing)
        made.rejected.extend(part.rejected)
        records = records[len(records) if part.taken is None else part.taken :]
    return made, time.perf_counter() - began

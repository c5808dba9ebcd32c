"""Builds what the learner reads: scored events and labelled examples."""

from typing import Any

import numpy as np
import numpy.typing as npt

from stream.adaptation.labelled_example import LabelledExample
from stream.events.scored_event import ScoredEvent

FEATURE_HASH = "test-features"
NOON_S = 1_700_000_000.0


def a_scored_event(event_id: str = "e1", **changed: Any) -> ScoredEvent:
    """Return a valid scored event of line `cards` with a row of three features."""
    fields: dict[str, Any] = {
        "event_id": event_id,
        "line": "cards",
        "subject": "card-1",
        "counterparty": "terminal-1",
        "currency": "EUR",
        "occurred_at": "2023-11-14T22:13:20.000Z",
        "occurred_at_s": NOON_S,
        "amount_minor": 1_000,
        "score": 0.1,
        "anomaly": 0.2,
        "initialisation_only": False,
        "weights_version": 1,
        "initialisation": "init",
        "threshold": 0.5,
        "alerted": False,
        "reasons": [],
        "feature_hash": FEATURE_HASH,
        "features": np.zeros(3, "<f4").tobytes(),
        "produced_at_ms": int(NOON_S * 1000),
        "scored_at_ms": int(NOON_S * 1000) + 20,
    }
    return ScoredEvent(**(fields | changed))


def an_example(event_id: str = "e1", kind: str = "fraud", **changed: Any) -> LabelledExample:
    """Return a valid labelled example of line `cards`."""
    fields: dict[str, Any] = {
        "line": "cards",
        "event_id": event_id,
        "occurred_at_s": NOON_S,
        "features": np.zeros(3, "<f4").tobytes(),
        "kind": kind,
        "source": "" if kind == "background" else "analyst",
        "labelled_at_s": NOON_S + 60,
        "label_produced_at_ms": 0 if kind == "background" else int(NOON_S * 1000) + 60_000,
        "score": 0.1,
        "weights_version": 1,
        "subject": "card-1",
        "feature_hash": FEATURE_HASH,
        "alerted": False,
        "share": 1.0,
    }
    return LabelledExample(**(fields | changed))


def as_bytes(row: npt.ArrayLike) -> bytes:
    """Return a feature row as it travels."""
    return np.asarray(row, "<f4").tobytes()

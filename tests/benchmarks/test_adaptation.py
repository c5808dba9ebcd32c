"""What one attempt at new weights costs: draw, teach, calibrate, judge."""

from datetime import UTC, datetime

import numpy as np
import pytest

from metalearn.checkpoint import Initialisation, InitialisationManifest
from stream.adaptation.adapter import Adapter
from stream.adaptation.line_memory import LineMemory
from stream.adaptation.trial import try_candidate
from stream.features.specification import PAYMENTS
from tests.builders.events import a_line
from tests.builders.labelled_examples import NOON_S, an_example, as_bytes
from tests.builders.weights import weights_arrays

BACKGROUND = 4_096
MADE_AT = datetime(2026, 6, 1, tzinfo=UTC)


def an_adapter():
    arrays = weights_arrays(len(PAYMENTS.features), widths=(64, 64), bins=16)
    manifest = InitialisationManifest(
        id="benchmark",
        created_at="2026-06-01T00:00:00Z",
        feature_hash=PAYMENTS.hash,
        feature_names=PAYMENTS.names,
        widths=(64, 64),
        inner_steps=5,
        fraud_share=0.5,
    )
    scale = {
        "standardise.mean": np.zeros(len(PAYMENTS.features), np.float32),
        "standardise.scale": np.ones(len(PAYMENTS.features), np.float32),
        "inner.rate": np.full(6, 0.05, np.float32),
    }
    return Adapter(Initialisation(manifest, {**arrays, **scale}))


def a_memory(adapter, frauds):
    memory = LineMemory(a_line(label_delay="1h"), adapter)
    chance = np.random.default_rng(0)
    for at in range(BACKGROUND + frauds):
        fraud = at >= BACKGROUND
        row = as_bytes(chance.normal(1.5 * fraud, 1, len(PAYMENTS.features)))
        kind = "fraud" if fraud else "background"
        memory.fold(an_example(f"e{at}", kind, features=row, feature_hash=PAYMENTS.hash, occurred_at_s=NOON_S + at))
        if at == BACKGROUND // 2:
            plan = memory.plan()
            memory.attempted(plan, try_candidate(plan, memory.buffer, adapter, MADE_AT))
    return memory


@pytest.mark.parametrize("frauds", [1, 8, 32])
def test_one_attempt_at_new_weights(benchmark, frauds):
    adapter = an_adapter()
    adapter.warm_up()
    memory = a_memory(adapter, frauds)
    trial = benchmark(lambda: try_candidate(memory.plan(), memory.buffer, adapter, MADE_AT))
    assert trial.sample.frauds

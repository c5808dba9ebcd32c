"""The tests' Kafka, history and initialisation: each made once per test run."""

import uuid
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest

from stream.backtest.feature_pass import features_of
from stream.backtest.train import train_initialisation, training_data
from stream.events.history import read_history
from stream.events.line_file import load_lines
from stream.simulation.cards import simulate_cards, write_parquet
from stream.simulation.line_profile import LineProfile

# Compiled functions and shared machines make single examples slow; nothing asserts on time.
hypothesis.settings.register_profile("foreshot", deadline=None)
hypothesis.settings.load_profile("foreshot")

LINES = Path(__file__).parent / "lines" / "small.yaml"
PROFILES = (
    LineProfile(
        "small-a", "EUR", "FR", 46.6, 2.4, subjects=150, merchants=40, events_per_day=220.0, fraud_share=0.05,
        families={"leaked_card": 0.6, "device_takeover": 0.4},
    ),
    LineProfile(
        "small-b", "USD", "US", 39.0, -98.0, subjects=100, merchants=30, events_per_day=120.0, fraud_share=0.05,
        families={"night_burst": 1.0},
    ),
)  # fmt: skip


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    from stream.transport.embedded_broker import EmbeddedBroker  # noqa: PLC0415 - most tests need no broker

    with EmbeddedBroker(tmp_path_factory.mktemp("kafka")) as running:
        yield running.bootstrap_servers


@pytest.fixture
def topic_prefix():
    return f"t{uuid.uuid4().hex[:8]}-"


@pytest.fixture(scope="session")
def small_events(tmp_path_factory):
    path = tmp_path_factory.mktemp("history") / "events.parquet"
    write_parquet(simulate_cards(PROFILES, 14, 5), path)
    return path


@pytest.fixture(scope="session")
def small_lines():
    return load_lines([LINES])


@pytest.fixture(scope="session")
def small_history(small_events, small_lines):
    return read_history(small_events, small_lines)


@pytest.fixture(scope="session")
def small_training_data(tmp_path_factory, small_lines):
    path = tmp_path_factory.mktemp("training") / "training.parquet"
    write_parquet(simulate_cards(PROFILES, 20, 6), path)
    history = read_history(path, small_lines)
    features, fresh = features_of(history, lambda _: None)
    return training_data(history, features, fresh, float("inf"))


@pytest.fixture(scope="session")
def small_initialisation(tmp_path_factory, small_training_data):
    from metalearn.training import TrainingPlan  # noqa: PLC0415 - torch is slow to import

    plan = replace(TrainingPlan(), widths=(16, 16), bins=8, pooled_steps=60, meta_steps=20, meta_tasks=4)
    path = tmp_path_factory.mktemp("init") / "init.safetensors"
    train_initialisation(small_training_data, plan, "", lambda *_: None, None).save(path)
    return path

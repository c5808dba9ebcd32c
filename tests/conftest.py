"""The tests' Kafka, history and initialisation: each made once per test run."""

import uuid

import hypothesis
import pytest

from stream.events.history import read_history
from stream.events.line_file import load_lines
from stream.simulation.cards import simulate_cards, write_parquet
from tests.builders import small_trade, small_world
from tests.builders.small_world import LINES, PROFILES

# Compiled functions and shared machines make single examples slow; nothing asserts on time.
hypothesis.settings.register_profile("foreshot", deadline=None)
hypothesis.settings.load_profile("foreshot")


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
    return small_world.small_training_data(tmp_path_factory.mktemp("training"), small_lines)


@pytest.fixture(scope="session")
def small_initialisation(tmp_path_factory, small_training_data):
    return small_world.train_small(small_training_data, tmp_path_factory.mktemp("init") / "init.safetensors")


@pytest.fixture(scope="session")
def trade_initialisation(tmp_path_factory):
    return small_trade.train_small_trade(tmp_path_factory.mktemp("trade-init"))

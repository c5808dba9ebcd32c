"""The tests' Kafka: the embedded one, started once per test run."""

import uuid

import pytest

from stream.transport.embedded_broker import EmbeddedBroker


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    with EmbeddedBroker(tmp_path_factory.mktemp("kafka")) as running:
        yield running.bootstrap_servers


@pytest.fixture
def topic_prefix():
    return f"t{uuid.uuid4().hex[:8]}-"

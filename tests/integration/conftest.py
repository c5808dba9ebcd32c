"""Installations on the tests' broker, always stopped."""

import importlib.util
import socket
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("workers", Path(__file__).parent / "workers.py")
workers = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(workers)

LINES = Path(__file__).parents[1] / "lines" / "small.yaml"


@pytest.fixture
def installation_on(topic_prefix, request, tmp_path):
    made = []

    def make(servers, partitions, prefix=None, initialisation=None, **settings):
        # Trained only where it is needed.
        initialisation = initialisation or request.getfixturevalue("small_initialisation")
        one = workers.Installation(
            servers, prefix or topic_prefix, LINES, initialisation, tmp_path, partitions, settings
        )
        made.append(one)
        return one

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def installation(broker, installation_on):
    def make(partitions, prefix=None, **settings):
        return installation_on(broker, partitions, prefix, **settings)

    return make


@pytest.fixture
def free_port():
    def find():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    return find

"""Real workers for the integration tests, each in a process of its own."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

from stream.events.scored_event import decode as decode_scored
from stream.settings import load_settings
from stream.transport.clients import read_topic
from stream.transport.cluster import cluster_of


class Installation:
    """One installation on the tests' broker: its settings, its workers, its topics."""

    def __init__(self, broker, prefix, lines, initialisation, folder, partitions, settings):
        self.prefix = prefix
        self.folder = folder
        self.environment = {
            "FORESHOT_BOOTSTRAP_SERVERS": broker,
            "FORESHOT_APPLICATION": prefix.rstrip("-"),
            "FORESHOT_TOPIC_PREFIX": prefix,
            "FORESHOT_PARTITIONS": str(partitions),
            "FORESHOT_LINES": str(lines),
            "FORESHOT_INITIALISATION": str(initialisation),
            "FORESHOT_LOG_LEVEL": "WARNING",
            "FORESHOT_SESSION_TIMEOUT_S": "3",
            **{f"FORESHOT_{name.upper()}": str(value) for name, value in settings.items()},
        }
        self.workers = {}
        self.program = ("-m", "stream.cli")
        # Whose code workers run: Python looks where it is started first.
        self.checkout = None

    @property
    def settings(self):
        return load_settings(self.environment)

    @property
    def cluster(self):
        return cluster_of(self.settings)

    def start(self, name, port, role="all"):
        environment = {
            **os.environ,
            **self.environment,
            "FORESHOT_STATE_FOLDER": str(self.folder / name),
            "FORESHOT_WEB_PORT": str(port),
        }
        log = (self.folder / f"{name}.log").open("ab")
        command = [sys.executable, *self.program, "worker", "--role", role]
        self.workers[name] = subprocess.Popen(command, cwd=self.checkout, env=environment, stdout=log, stderr=log)
        log.close()
        return self.workers[name]

    def kill(self, name):
        process = self.workers.pop(name)
        process.kill()
        process.wait()

    def leave(self, name):
        """Stop a worker as an operator would, and wait until it is gone."""
        process = self.workers.pop(name)
        process.terminate()
        # One that is told before it has begun has nothing to leave.
        assert process.wait(30) in (0, -signal.SIGTERM), (self.folder / f"{name}.log").read_text()[-2000:]

    def wait_until_ready(self, port, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2).close()
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
            else:
                return
        raise AssertionError(f"no worker ready on {port}: {[p.read_text() for p in self.folder.glob('*.log')]}")

    def page(self, port, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{name}", timeout=5) as answer:
            return answer.read().decode()

    def records(self, topic):
        return read_topic(self.cluster, self.prefix + topic)

    def scored(self):
        return [decode_scored(record.value) for record in self.records("scored-events")]

    def wait_for(self, condition, seconds=90, every_s=0.5):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, [p.read_text()[-2000:] for p in self.folder.glob("*.log")]
            time.sleep(every_s)

    def stop(self):
        for process in self.workers.values():
            process.terminate()
        for process in self.workers.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

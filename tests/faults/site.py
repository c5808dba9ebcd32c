"""One installation under fault: real workers, tended as a supervisor would, and what can be seen of them."""

import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

from kafka import KafkaConsumer, TopicPartition

from stream.pipelines import effects
from stream.transport.drain import Drain
from stream.transport.topics import MATCH_STATE, PROFILE_STATE, RAISE_STATE, SCORE_STATE, ensure_topics
from tests.integration.workers import Installation

OUTPUTS = (
    effects.ENRICHED_EVENTS, effects.SCORED_EVENTS, effects.ALERT_CANDIDATES, effects.ALERTS,
    effects.LABELLED_EXAMPLES, effects.ADAPTATIONS, effects.LINE_WEIGHTS,
    PROFILE_STATE, SCORE_STATE, RAISE_STATE, MATCH_STATE,
)  # fmt: skip
SOURCE = "small-payments"
_INPUTS = (
    SOURCE, effects.ENRICHED_EVENTS, effects.ALERT_CANDIDATES, effects.SCORED_EVENTS, effects.FRAUD_LABELS,
    effects.LABELLED_EXAMPLES,
)  # fmt: skip
_LOOK_S = 0.1
_MOMENT_S = 0.25


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site(Installation):
    """An installation whose workers are started again when they end by themselves."""

    def __init__(self, broker, prefix, lines_file, initialisation, folder, *, lines, partitions=3, **settings):
        self.broker = broker
        super().__init__(broker, prefix, lines_file, initialisation, folder, partitions, settings)
        folder.mkdir(parents=True, exist_ok=True)
        self.lines = lines
        self.ports = {}
        self.roles = {}
        self.own_exits = []
        self._log_starts = {}
        self.frozen = set()
        self.turn = 0
        self.load = self.watch = None

    def make_topics(self):
        return ensure_topics(self.settings, self.lines.values())

    def spawn(self, name, role=None):
        self.roles[name] = role or self.roles[name]
        self.ports.setdefault(name, free_port())
        log = self.folder / f"{name}.log"
        self._log_starts[name] = log.stat().st_size if log.exists() else 0
        return self.start(name, self.ports[name], self.roles[name])

    def tend(self):
        """Start workers again that ended by themselves, as a supervisor does."""
        for name, process in list(self.workers.items()):
            if (code := process.poll()) is not None:
                self.own_exits.append((name, code, self.last_line(name)))
                self.spawn(name)

    def last_line(self, name):
        """Return why a worker ended, as its last process says it."""
        with (self.folder / f"{name}.log").open("rb") as log:
            log.seek(self._log_starts[name])
            lines = log.read().decode(errors="replace").splitlines()
        last = [line for line in lines if " CRITICAL " in line or line.startswith("foreshot: ")] or lines or [""]
        return last[-1]

    def pause(self, seconds):
        self.wait_until(lambda: False, seconds, strict=False)

    def wait_until(self, condition, seconds, what="", *, strict=True, every_s=_LOOK_S):
        """Tend the workers until a condition holds; return whether it came to hold."""
        deadline_s = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline_s:
                assert not strict, f"{what or condition} did not come in {seconds} s; see {self.folder}"
                return False
            self.tend()
            time.sleep(min(every_s, max(deadline_s - time.monotonic(), 0)))
        return True

    def freeze(self, name):
        self.workers[name].send_signal(signal.SIGSTOP)
        self.frozen.add(name)

    def thaw(self, name):
        self.frozen.discard(name)
        self.workers[name].send_signal(signal.SIGCONT)

    def reasons(self, name):
        """Return why a worker is not ready, an empty list when it is, None while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}/ready", timeout=2) as answer:
                return json.load(answer)["reasons"]
        except urllib.error.HTTPError as error:
            return json.load(error)["reasons"]
        except (OSError, ValueError):
            return None

    def phase(self, name):
        """Return what a worker is at: starting, joining, restoring, or running."""
        reasons = self.reasons(name)
        if reasons is None:
            return "starting"
        if not reasons:
            return "running"
        return "joining" if "no partitions" in reasons[0] else "restoring" if "restoring" in reasons[0] else "stalled"

    def all_ready(self, seconds=120):
        names = [name for name in self.workers if name not in self.frozen]
        self.wait_until(lambda: all(self.phase(name) == "running" for name in names), seconds, f"{names} ready")

    def gauge(self, name, metric):
        for line in self.page(self.ports[name], "metrics").splitlines():
            if line.startswith(f"{metric} "):
                return float(line.split()[-1])
        return None

    def work_off(self, seconds=240):
        """Wait until the group committed every record that can be read."""
        drain = _FromTheStart(self.cluster, self.prefix.rstrip("-"), [self.prefix + topic for topic in _INPUTS])
        try:
            self.wait_until(drain.is_empty, seconds, f"an empty {self.prefix}")
            self.wait_until(drain.is_empty, seconds, f"an empty {self.prefix}")
        finally:
            drain.close()

    def stop(self):
        for name in list(self.frozen):
            self.thaw(name)
        super().stop()
        self.workers.clear()


class _FromTheStart(Drain):
    """A drain that looks at what was written before it too."""

    def __init__(self, cluster, group, topics):
        super().__init__(cluster, group, topics)
        self._reader.seek_to_beginning(*self._partitions)

    def is_empty(self):
        return self._worked_off()


class OpenTransactions:
    """Compares where uncommitted and committed readers' topics end."""

    def __init__(self, broker, prefix):
        self._prefix = prefix
        self._consumers = [
            KafkaConsumer(bootstrap_servers=broker.split(","), isolation_level=level, enable_auto_commit=False)
            for level in ("read_uncommitted", "read_committed")
        ]
        self._partitions = [
            TopicPartition(prefix + topic, at)
            for topic in OUTPUTS
            for at in sorted(self._consumers[0].partitions_for_topic(prefix + topic) or ())
        ]

    def lasting(self):
        """Return the topics in which a transaction was open all through a moment: of whoever does not go on."""
        before = self._open()
        time.sleep(_MOMENT_S)
        return sorted({topic.removeprefix(self._prefix) for topic, _, _ in before & self._open()})

    def _open(self):
        # Asked for first, so that what was written in between is not taken for open.
        all_ends, stable_ends = (consumer.end_offsets(self._partitions) for consumer in self._consumers)
        return {(tp.topic, tp.partition, stable_ends[tp]) for tp in self._partitions if stable_ends[tp] < all_ends[tp]}

    def close(self):
        for consumer in self._consumers:
            consumer.close()


def outer_environment():
    """Let workers import what this process imports, on one thread each."""
    here = str(Path(__file__).parents[2])
    known = os.environ.get("PYTHONPATH", "")
    if here not in known.split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (here, known)))
    os.environ.setdefault("OMP_NUM_THREADS", "1")

"""Runs one program on one core over a backlog and reads what it costs from outside.

Its processor time comes from the kernel and its progress from the end of the topic that it
writes last. A few first events bring it up (imports, compiling, joining the group); then it
is stopped while the backlog is written, and the reading begins when it is let go on.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from kafka import TopicPartition
from kafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError

from stream.transport.clients import connect_admin, connect_consumer, read_topic
from tests.benchmarks.peer_load import event_id

_EVERY_S = 0.1
_QUIET_S = 2.0
_LIMIT_S = 1_800.0
WARM_UP = 5_000
_TICKS = os.sysconf("SC_CLK_TCK")
CORE = 0


@dataclass(frozen=True)
class Reading:
    at_s: float
    cpu_s: float
    outputs: int


@dataclass(frozen=True)
class Cost:
    cpu_us_per_event: float
    events_per_s: float
    peak_mb: float


def cpu_s(process_id):
    """Return the processor time that all threads of a process had."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak_mb(process_id):
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def own_bytes(process_id):
    """Return the memory that a process holds now, without what files back."""
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) * 1024


@contextlib.contextmanager
def on_core(cores):
    """Let what is started inside run on some cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def running(command, log, environment=None):
    """Run a program on the measured core until the block ends."""
    with log.open("ab") as file, on_core({CORE}):
        process = subprocess.Popen(command, stdout=file, stderr=file, env={**os.environ, **(environment or {})})
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Output:
    """How far a topic is written."""

    def __init__(self, cluster, topic):
        self._consumer = connect_consumer(cluster)
        self._partitions = [TopicPartition(topic, one) for one in self._consumer.partitions_for_topic(topic)]

    def read(self):
        return sum(self._consumer.end_offsets(self._partitions).values())


class Taken:
    """How far a group has read a topic: where a record that is written holds many events."""

    def __init__(self, cluster, group, topic):
        self._admin, self._group, self._topic = connect_admin(cluster), group, topic

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._admin.close()

    def read(self):
        try:
            offsets = self._admin.list_group_offsets({self._group: None})[self._group]
        except (CoordinatorNotAvailableError, CoordinatorLoadInProgressError):
            # Of a group that is about to be made.
            return 0
        return sum(at.offset for partition, at in offsets.items() if partition.topic == self._topic)


def measured(process, output, write, events, around):
    """Return what each event costs after the first few.

    Args:
        process: The program, its input still empty.
        output: The topic it writes last, or what it has read.
        write: Writes the input's events from one number to another.
        events: How many there are.
        around: A context in which the measured part runs.
    """
    write(0, WARM_UP)
    follow(process, output, WARM_UP)
    process.send_signal(signal.SIGSTOP)
    write(WARM_UP, events)
    with around:
        process.send_signal(signal.SIGCONT)
        readings = follow(process, output, events - WARM_UP)
    begin, end = readings[0], next(one for one in readings if one.outputs == readings[-1].outputs)
    count = events - WARM_UP
    return Cost((end.cpu_s - begin.cpu_s) / count * 1e6, count / (end.at_s - begin.at_s), peak_mb(process.pid))


def follow(process, output, more):
    """Return readings until so many more are out and nothing comes any longer; transactions' marks count as well."""
    readings, deadline, quiet_since_s = [], time.monotonic() + _LIMIT_S, 0.0
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the program ended with {process.returncode}; look at its log")
        readings.append(Reading(time.monotonic(), cpu_s(process.pid), output.read()))
        now = readings[-1]
        if len(readings) == 1 or now.outputs > readings[-2].outputs:
            quiet_since_s = now.at_s
        if now.outputs >= more + readings[0].outputs and now.at_s - quiet_since_s > _QUIET_S:
            return readings
        time.sleep(_EVERY_S)
    raise RuntimeError(f"after {_LIMIT_S:.0f} s {readings[-1].outputs - readings[0].outputs} of {more} events are out")


def check_complete(cluster, topic, events, ids_of):
    """Refuse a program's time unless its output holds each event once.

    Raises:
        RuntimeError: It does not.
    """
    found = Counter(one for record in read_topic(cluster, topic) for one in ids_of(record.value))
    expected = {event_id(number) for number in range(events)}
    lost, repeated = len(expected - found.keys()), sum(found.values()) - len(found)
    if lost or repeated or found.keys() != expected:
        raise RuntimeError(f"{topic}: {lost} events lost, {repeated} repeated, {len(found.keys() - expected)} unknown")

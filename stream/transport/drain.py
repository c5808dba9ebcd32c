"""Tells when the stream has worked off all that was written: how a replay keeps in step.

A topic's end offset counts transaction markers and aborted records, which no group ever
commits. So the last record a reader of committed data can see is compared with the
group's committed offset.
"""

import time
from collections.abc import Iterable

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from stream.errors import ForeshotError


class Drain:
    """Follows the topics that a group consumes."""

    def __init__(self, bootstrap_servers: str, group: str, topics: Iterable[str]) -> None:
        """Start at the topics' present ends; all before counts as worked off once it is committed."""
        self._group = group
        self._admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers.split(","))
        self._reader = KafkaConsumer(
            bootstrap_servers=bootstrap_servers.split(","),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=5,
        )
        self._partitions = [
            TopicPartition(topic, partition)
            for topic in topics
            for partition in sorted(self._reader.partitions_for_topic(topic) or ())
        ]
        self._reader.assign(self._partitions)
        self._reader.seek_to_end(*self._partitions)
        self._last = dict.fromkeys(self._partitions, -1)
        for tp in self._partitions:
            self._reader.position(tp)

    def wait(self, timeout_s: float = 120.0) -> None:
        """Wait until all visible records are committed by the group, in two looks in a row.

        Raises:
            ForeshotError: The stream did not get there in time.
        """
        deadline_s = time.monotonic() + timeout_s
        quiet = 0
        while quiet < 2:
            quiet = quiet + 1 if self._worked_off() else 0
            if time.monotonic() > deadline_s:
                behind = ", ".join(f"{tp.topic}/{tp.partition}" for tp in self._behind())
                raise ForeshotError(f"the stream did not work off {behind} in {timeout_s:.0f} s; is a worker running?")

    def _worked_off(self) -> bool:
        return not self._read_on() and not self._behind()

    def _read_on(self) -> bool:
        """Read to the stable ends; return whether anything new was seen."""
        new = False
        ends = self._reader.end_offsets(self._partitions)
        while any(self._reader.position(tp) < ends[tp] for tp in self._partitions):
            runs = self._reader.poll(timeout_ms=20, max_records=100_000)
            for tp, records in runs.items():
                self._last[tp] = records[-1].offset
            new = new or bool(runs)
        return new

    def _behind(self) -> list[TopicPartition]:
        committed = self._admin.list_group_offsets({self._group: self._partitions})[self._group]
        return [
            tp for tp, last in self._last.items() if last >= 0 and (tp not in committed or committed[tp].offset <= last)
        ]

    def close(self) -> None:
        """Disconnect."""
        self._reader.close()
        self._admin.close()

"""Tells when the stream has worked off all that was written: how a replay keeps in step.

A topic's end offset counts transaction markers and aborted records, which no group ever
commits. So the last record a reader of committed data can see is compared with the
group's committed offset.
"""

import time
from collections.abc import Iterable

from kafka import TopicPartition

from stream.errors import ForeshotError
from stream.transport.clients import connect_admin, connect_consumer
from stream.transport.cluster import Cluster

_SHORTEST_PAUSE_S = 0.002
_LONGEST_PAUSE_S = 0.1
# Reading the last records alone tells where a topic visibly ends.
_TAIL = 512


class Drain:
    """Follows the topics that a group consumes."""

    def __init__(self, cluster: Cluster, group: str, topics: Iterable[str]) -> None:
        """Start at the topics' present ends; all before counts as worked off once it is committed."""
        self._group = group
        self._admin = connect_admin(cluster)
        self._reader = connect_consumer(cluster, fetch_max_wait_ms=5)
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
        quiet, pause_s = 0, _SHORTEST_PAUSE_S
        while quiet < 2:
            quiet = quiet + 1 if self._worked_off() else 0
            if not quiet:
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            if time.monotonic() > deadline_s:
                behind = ", ".join(f"{tp.topic}/{tp.partition}" for tp in self._behind())
                raise ForeshotError(f"the stream did not work off {behind} in {timeout_s:.0f} s; is a worker running?")

    def _worked_off(self) -> bool:
        return not self._read_on() and not self._behind()

    def _read_on(self) -> bool:
        """Read to the stable ends; return whether anything new was seen."""
        starts = {tp: self._reader.position(tp) for tp in self._partitions}
        ends = self._reader.end_offsets(self._partitions)
        for tp, start in starts.items():
            self._reader.seek(tp, max(start, ends[tp] - _TAIL))
        found = self._read_to(ends)
        # A tail without a record holds markers alone.
        unseen = [tp for tp, start in starts.items() if start < ends[tp] - _TAIL and tp not in found]
        for tp in unseen:
            self._reader.seek(tp, starts[tp])
        return bool(found | self._read_to(ends))

    def _read_to(self, ends: dict[TopicPartition, int]) -> set[TopicPartition]:
        found: set[TopicPartition] = set()
        while any(self._reader.position(tp) < ends[tp] for tp in self._partitions):
            for tp, records in self._reader.poll(timeout_ms=20, max_records=100_000).items():
                self._last[tp] = records[-1].offset
                found.add(tp)
        return found

    def _behind(self) -> list[TopicPartition]:
        committed = self._admin.list_group_offsets({self._group: self._partitions})[self._group]
        return [
            tp for tp, last in self._last.items() if last >= 0 and (tp not in committed or committed[tp].offset <= last)
        ]

    def close(self) -> None:
        """Disconnect."""
        self._reader.close()
        self._admin.close()

"""Whether a worker is alive and ready: no partition may stand still while it has work."""

import time
from dataclasses import dataclass

from stream.metrics import Metrics


@dataclass(frozen=True, slots=True)
class PartitionProgress:
    """What is known of one assigned partition.

    Attributes:
        lag: Records not yet processed; 0 when all that is stable was processed, None
            while that is not known: the state is being read back, or Kafka does not answer.
        idle_s: Seconds since the last progress, reading state back included.
        restored: Whether the state was read back.
    """

    topic: str
    partition: int
    lag: int | None
    idle_s: float
    restored: bool


class Health:
    """Answers liveness and readiness from the partitions' progress."""

    def __init__(self, stall_s: float, metrics: Metrics) -> None:
        """Call a partition stalled after `stall_s` seconds with lag and no progress."""
        self._stall_s = stall_s
        self._metrics = metrics
        self._assigned = False
        self._partitions: list[PartitionProgress] = []
        self._updated_s = time.monotonic()

    def update(self, partitions: list[PartitionProgress], *, assigned: bool) -> None:
        """Take a fresh picture of all assigned partitions."""
        self._partitions = partitions
        self._assigned = assigned
        self._updated_s = time.monotonic()
        now_s = time.time()
        for one in partitions:
            labels = {"topic": one.topic, "partition": str(one.partition)}
            if one.lag is not None:
                self._metrics.gauge("foreshot_consumer_lag", one.lag, **labels)
            self._metrics.gauge("foreshot_last_progress_seconds", now_s - one.idle_s, **labels)
        self._metrics.gauge("foreshot_ready", float(not self.reasons_not_ready()))

    def stalled(self) -> list[str]:
        """Return a sentence for each stalled partition: it, or its restoring, stands still."""
        still = [one for one in self._partitions if one.idle_s > self._stall_s]
        return [
            f"{one.topic}/{one.partition}: {one.lag} records wait and none was processed for {one.idle_s:.0f} s"
            for one in still
            if one.lag
        ] + [
            f"{one.topic}/{one.partition}: restoring stands still for {one.idle_s:.0f} s"
            for one in still
            if not one.restored
        ]

    def reasons_not_alive(self) -> list[str]:
        """Return why the worker should be restarted; empty when it is well."""
        silent_s = time.monotonic() - self._updated_s
        if silent_s > self._stall_s:
            return [f"the worker's own loop has not answered for {silent_s:.0f} s"]
        return self.stalled()

    def reasons_not_ready(self) -> list[str]:
        """Return why the worker is not ready; empty when it is."""
        if not self._assigned:
            return ["no partitions are assigned yet"]
        restoring = [f"{one.topic}/{one.partition}: restoring" for one in self._partitions if not one.restored]
        unknown = [
            f"{one.topic}/{one.partition}: Kafka has not told for {one.idle_s:.0f} s how many records wait"
            for one in self._partitions
            if one.restored and one.lag is None and one.idle_s > self._stall_s
        ]
        return restoring + unknown + self.reasons_not_alive()

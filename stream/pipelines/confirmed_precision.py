"""How many alerts turned out to be frauds, as far as labels tell: gauges that add up over partitions and workers."""

from collections.abc import Mapping

from stream.adaptation.label_state import AlertedLabels
from stream.metrics import Metrics

_NONE = AlertedLabels(0, 0)


class ConfirmedPrecision:
    """One worker's labels in force on alerted events, all its partitions together."""

    def __init__(self, metrics: Metrics) -> None:
        """Start without partitions."""
        self._metrics = metrics
        self._booked: dict[str, dict[str, AlertedLabels]] = {}

    def book(self, partition: str, found: Mapping[str, AlertedLabels]) -> None:
        """Take a partition's labels in force, by line."""
        before = self._booked.get(partition, {})
        now = {line: found.get(line, _NONE) for line in {**before, **found}}
        self._booked[partition] = now
        for line, one in now.items():
            if one != before.get(line):
                self._metrics.gauge("foreshot_alerted_labels", one.labels, line=line, partition=partition)
                self._metrics.gauge("foreshot_alerted_frauds", one.frauds, line=line, partition=partition)
                self._tell_share(line)

    def forget(self, partition: str) -> None:
        """Let go of a partition: another worker books it from now on."""
        for line in self._booked.pop(partition, {}):
            self._metrics.forget("foreshot_alerted_labels", line=line, partition=partition)
            self._metrics.forget("foreshot_alerted_frauds", line=line, partition=partition)
            self._tell_share(line)

    def _tell_share(self, line: str) -> None:
        found = [lines[line] for lines in self._booked.values() if line in lines]
        if (labels := sum(one.labels for one in found)) > 0:
            frauds = sum(one.frauds for one in found)
            self._metrics.gauge("foreshot_confirmed_precision", frauds / labels, line=line)
        else:
            self._metrics.forget("foreshot_confirmed_precision", line=line)

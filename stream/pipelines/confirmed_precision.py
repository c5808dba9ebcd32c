"""How many alerts turned out to be frauds, and what was lost, as far as labels tell: gauges that add up."""

from collections.abc import Mapping

from stream.adaptation.label_state import AlertedLabels
from stream.metrics import Metrics

_NONE = AlertedLabels()
_GAUGES = {
    "foreshot_alerted_labels": "labels",
    "foreshot_alerted_frauds": "frauds",
    "foreshot_alerted_loss_minor": "loss_minor",
    "foreshot_missed_loss_minor": "missed_minor",
}


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
                for name, field in _GAUGES.items():
                    self._metrics.gauge(name, getattr(one, field), line=line, partition=partition)
                self._tell_share(line)

    def forget(self, partition: str) -> None:
        """Let go of a partition: another worker books it from now on."""
        for line in self._booked.pop(partition, {}):
            for name in _GAUGES:
                self._metrics.forget(name, line=line, partition=partition)
            self._tell_share(line)

    def _tell_share(self, line: str) -> None:
        found = [lines[line] for lines in self._booked.values() if line in lines]
        if (labels := sum(one.labels for one in found)) > 0:
            frauds = sum(one.frauds for one in found)
            self._metrics.gauge("foreshot_confirmed_precision", frauds / labels, line=line)
        else:
            self._metrics.forget("foreshot_confirmed_precision", line=line)

"""Third, thin hop: alert candidates keyed by subject in, one alert a subject and period out."""

from collections.abc import Mapping

from stream.alerts.alert import Alert
from stream.alerts.deduplicator import AlertDeduplicator
from stream.events.business_line import BusinessLine
from stream.events.decode import Rejected, SourceRecord
from stream.events.scored_event import decode
from stream.events.unreadable import UNREADABLE
from stream.features.partition_state import PartitionState
from stream.metrics import Metrics
from stream.pipelines.effects import ALERTS, Effects, Outgoing, StatelessReplay


class RaiseStep(StatelessReplay):
    """Deduplicates the alert candidates of one partition of subjects."""

    def __init__(self, lines: Mapping[str, BusinessLine], deduplicator: AlertDeduplicator, metrics: Metrics) -> None:
        """Join the lines' periods and a partition's open alerts."""
        self.state: PartitionState | None = deduplicator
        self._lines = lines
        self._deduplicator = deduplicator
        self._metrics = metrics
        self._raised: list[str] = []

    def process(self, records: list[SourceRecord]) -> Effects:
        """Return an alert for each candidate that is its subject's first in the period."""
        rejected: list[Rejected] = []
        alerts = [alert for record in records if (alert := self._alert(record, rejected)) is not None]
        self._raised = [alert.line for alert in alerts]
        outgoing = [Outgoing(ALERTS, alert.subject.encode(), alert.model_dump_json().encode()) for alert in alerts]
        return Effects(outgoing, rejected)

    def _alert(self, record: SourceRecord, rejected: list[Rejected]) -> Alert | None:
        try:
            event = decode(record.value or b"")
        except UNREADABLE as error:
            rejected.append(Rejected(record, "unreadable", None, str(error)))
            return None
        if event.line not in self._lines:
            rejected.append(Rejected(record, "unknown_line", "line", f"no line file declares {event.line}"))
            return None
        policy = self._lines[event.line].alerts
        return self._deduplicator.raise_alert(event, policy.dedup_period_s, policy.financed_before)

    def committed(self) -> None:
        """Count the alerts that are now visible."""
        for line in self._raised:
            self._metrics.count("foreshot_alerts", line=line)
        self._raised = []

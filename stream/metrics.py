"""Every metric of Foreshot in one file: name, kind, unit, labels and meaning.

`docs/metrics.md` is made from this file (`python -m stream.metrics`), and nothing
else makes Prometheus objects.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from stream.line_waits import LineWaits

Kind = Literal["counter", "gauge", "histogram"]
_Series = TypeVar("_Series", Counter, Gauge, Histogram)
# From so many values on, arrays count faster than one value after the other.
_FEW = 16

_LATENCY_BUCKETS_S = (
    0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0,
)  # fmt: skip
_DELAY_BUCKETS_S = tuple(60.0 * 2.0**step for step in range(16))


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """One metric as it is declared and documented."""

    name: str
    kind: Kind
    unit: str
    labels: tuple[str, ...]
    meaning: str
    buckets: tuple[float, ...] = ()


_LINE = ("line",)
_PARTITION = ("topic", "partition")

DEFINITIONS: tuple[MetricDefinition, ...] = (
    MetricDefinition("foreshot_events", "counter", "events", _LINE, "Events scored."),
    MetricDefinition(
        "foreshot_repeated_events", "counter", "events", _LINE,
        "Events dropped because their subject had sent the same event id before.",
    ),
    MetricDefinition(
        "foreshot_dead_letters", "counter", "records", ("topic", "reason"),
        "Records that could not be used, by input topic and reason.",
    ),
    MetricDefinition(
        "foreshot_document_matches", "counter", "matches", ("rule", "outcome"),
        "Pairs of documents told as one financed twice (reported), or taken back (withdrawn), by rule.",
    ),
    MetricDefinition("foreshot_alerts", "counter", "alerts", _LINE, "Alerts raised, after deduplication."),
    MetricDefinition(
        "foreshot_alert_candidates", "counter", "events", _LINE,
        "Events whose score reached the line's threshold, or whose document was financed before; before deduplication.",
    ),
    MetricDefinition(
        "foreshot_labels", "counter", "labels", ("line", "label", "outcome"),
        "Labels received: applied, pending (before their event), duplicate, withdrawn, refused, heard (the learner "
        "takes note, but they put nothing in force).",
    ),
    MetricDefinition(
        "foreshot_labels_withheld", "counter", "labels", ("line", "reason"),
        "Labels that do not teach: rate_limit, new_source (nothing vouches for it), contradicted, distrusted.",
    ),
    MetricDefinition(
        "foreshot_label_sources", "gauge", "sources", ("line", "standing"),
        "Sources of the line's labels: named, founder, earned, new, distrusted.",
    ),
    MetricDefinition(
        "foreshot_label_delay_seconds", "histogram", "seconds", _LINE,
        "From an event's own time to its label's time.", _DELAY_BUCKETS_S,
    ),
    MetricDefinition(
        "foreshot_adaptations", "counter", "adaptations", ("line", "outcome", "trigger"),
        "Adaptations by outcome (accepted, rejected) and by what set them off.",
    ),
    MetricDefinition(
        "foreshot_adaptation_seconds", "histogram", "seconds", _LINE,
        "Building and judging one candidate.", _LATENCY_BUCKETS_S,
    ),
    MetricDefinition(
        "foreshot_label_to_live_seconds", "histogram", "seconds", _LINE,
        "From a label's produce to the first event scored with weights that learnt from it.",
        _LATENCY_BUCKETS_S,
    ),
    MetricDefinition(
        "foreshot_event_to_score_seconds", "histogram", "seconds", _LINE,
        "From an event's produce to its score.", _LATENCY_BUCKETS_S,
    ),
    MetricDefinition(
        "foreshot_stage_seconds", "histogram", "seconds", ("stage", "step"),
        "One micro-batch in a stage: process (compute) and commit (the transaction, which a scorer's stages share).",
        _LATENCY_BUCKETS_S,
    ),
    MetricDefinition("foreshot_weights_version", "gauge", "version", _LINE, "Version of the weights that score."),
    MetricDefinition(
        "foreshot_weights_refused", "counter", "weights", ("reason",),
        "Records of line-weights that were refused: signature, replay, digest, feature_hash, initialisation, shape, "
        "key, unreadable.",
    ),
    MetricDefinition(
        "foreshot_estimated_precision", "gauge", "share", _LINE,
        "Mean score of this worker's recent alert candidates by score (half-life 300): the precision the model itself "
        "expects.",
    ),
    MetricDefinition(
        "foreshot_alerted_labels", "gauge", "labels", ("line", "partition"),
        "Labels in force on alerted events, until the label horizon; add them up over partitions.",
    ),
    MetricDefinition(
        "foreshot_alerted_frauds", "gauge", "labels", ("line", "partition"),
        "Those of them that say fraud; over all workers, their sum by that of the labels is the precision.",
    ),
    MetricDefinition(
        "foreshot_alerted_loss_minor", "gauge", "minor units", ("line", "partition"),
        "What labels in force say was lost on alerted events, in the minor units of their currencies.",
    ),
    MetricDefinition(
        "foreshot_missed_loss_minor", "gauge", "minor units", ("line", "partition"),
        "The same of events that were not alerted.",
    ),
    MetricDefinition(
        "foreshot_confirmed_precision", "gauge", "share", _LINE,
        "Share of frauds among the labels in force on alerted events, over this worker's partitions.",
    ),
    MetricDefinition(
        "foreshot_consumer_lag", "gauge", "records", _PARTITION,
        "Records not yet processed; one of `enriched-events` holds many events.",
    ),
    MetricDefinition(
        "foreshot_last_event_time_seconds", "gauge", "epoch seconds", _PARTITION,
        "Newest event time seen in the partition.",
    ),
    MetricDefinition(
        "foreshot_last_progress_seconds", "gauge", "epoch seconds", _PARTITION,
        "When the partition last committed or was found empty.",
    ),
    MetricDefinition("foreshot_state_bytes", "gauge", "bytes", _PARTITION, "Memory of the partition's state."),
    MetricDefinition(
        "foreshot_restore_seconds", "histogram", "seconds", ("topic",),
        "Reading a partition's states back after an assignment.", _LATENCY_BUCKETS_S,
    ),
    MetricDefinition("foreshot_support_labels", "gauge", "labels", ("line", "label"), "Labels in the support buffer."),
    MetricDefinition("foreshot_ready", "gauge", "0 or 1", (), "Whether the worker answers ready."),
    MetricDefinition("foreshot_process_id", "gauge", "id", (), "The worker's process, to tell whose page this is."),
)  # fmt: skip


_EVENTS, _WAITS = (one for one in DEFINITIONS if one.name in ("foreshot_events", "foreshot_event_to_score_seconds"))


class Metrics:
    """The metrics of one worker, in a registry of their own."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Declare all metrics in `registry`, or in a new one."""
        self.registry = registry or CollectorRegistry()
        self._made = {item.name: _make(item, self.registry) for item in DEFINITIONS if item not in (_EVENTS, _WAITS)}
        self._waits = LineWaits(_WAITS.buckets)
        self.registry.register(_ScoredEvents(self._waits))
        self._series: dict[tuple[Any, ...], Any] = {}

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """Add `amount` to a counter."""
        self._one(Counter, name, labels).inc(amount)

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge to `value`."""
        self._one(Gauge, name, labels).set(value)

    def observe(self, name: str, values: Sequence[float], **labels: str) -> None:
        """Add every one of `values` to a histogram."""
        _observe_all(self._one(Histogram, name, labels), values)

    def events_scored(self, lines: Sequence[str], waits_s: npt.NDArray[np.float64]) -> None:
        """Count a batch's scored events and how long each waited, [n], under the lines they are of."""
        self._waits.add(lines, waits_s)

    def forget(self, name: str, **labels: str) -> None:
        """Drop one series of a metric, if there is one."""
        metric = self._made[name]
        values = tuple(labels[key] for key in metric._labelnames)  # noqa: SLF001 - no public way to ask
        if values in metric._metrics:  # noqa: SLF001 - no public test for a child
            metric.remove(*values)
            self._series.clear()

    def forget_partition(self, topic: str, partition: int) -> None:
        """Drop the gauges of a partition that was taken away."""
        for item in DEFINITIONS:
            if item.labels == _PARTITION:
                self.forget(item.name, topic=topic, partition=str(partition))

    def _one(self, kind: type[_Series], name: str, labels: Mapping[str, str]) -> _Series:
        # Finding a series by its labels costs more than counting in it.
        key = (name, *labels.items())
        found = self._series.get(key)
        if found is None:
            metric = self._made[name]
            assert isinstance(metric, kind)  # noqa: S101 - a programming error, not input
            found = self._series[key] = metric.labels(**labels) if labels else metric
        assert isinstance(found, kind)  # noqa: S101 - the same
        return found

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)


class _ScoredEvents(Collector):
    """Tells Prometheus what is counted in arrays: how many events of each line were scored, and their waits."""

    def __init__(self, waits: LineWaits) -> None:
        self._waits = waits

    def collect(self) -> Iterator[CounterMetricFamily | HistogramMetricFamily]:
        events = CounterMetricFamily(_EVENTS.name, _EVENTS.meaning, labels=_EVENTS.labels)
        waits = HistogramMetricFamily(_WAITS.name, _WAITS.meaning, labels=_WAITS.labels)
        bounds = [f"{bound}" for bound in _WAITS.buckets] + ["+Inf"]
        for line, counts, sum_s in self._waits.by_line():
            events.add_metric([line], counts[-1])
            waits.add_metric([line], list(zip(bounds, counts, strict=True)), sum_s)
        yield from (events, waits)


def _observe_all(histogram: Histogram, values: Sequence[float]) -> None:
    # As `observe` does for one value, which for each event of a batch would cost more than its score.
    bounds = histogram._upper_bounds  # noqa: SLF001 - no public way to add many
    if len(values) < _FEW:
        histogram._sum.inc(sum(values))  # noqa: SLF001 - the same
        for value in values:
            histogram._buckets[bisect_left(bounds, value)].inc(1)  # noqa: SLF001 - the same
        return
    counts = np.bincount(np.searchsorted(bounds, values), minlength=len(bounds))
    histogram._sum.inc(float(np.sum(values)))  # noqa: SLF001 - the same
    for bucket, count in zip(histogram._buckets, counts.tolist(), strict=False):  # noqa: SLF001 - the same
        if count:
            bucket.inc(count)


def _make(item: MetricDefinition, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    if item.kind == "counter":
        return Counter(item.name, item.meaning, item.labels, registry=registry)
    if item.kind == "gauge":
        return Gauge(item.name, item.meaning, item.labels, registry=registry)
    return Histogram(item.name, item.meaning, item.labels, registry=registry, buckets=item.buckets)


def metrics_page() -> str:
    """Return `docs/metrics.md` as Markdown."""
    rows = [
        f"| `{item.name}{'_total' if item.kind == 'counter' else ''}` | {item.kind} | {item.unit} "
        f"| {', '.join(item.labels) or '-'} | {item.meaning} |"
        for item in DEFINITIONS
    ]
    head = [
        "# Metrics",
        "",
        "Made from `stream/metrics.py` by `python -m stream.metrics`; a test holds the two together.",
        "Every worker serves them at `/metrics` on its web port.",
        "",
        "| name | kind | unit | labels | meaning |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows, ""])


if __name__ == "__main__":
    print(metrics_page(), end="")  # noqa: T201 - the page is this command's output

"""Reads quantiles from a worker's Prometheus page."""

import math
from collections import defaultdict

from prometheus_client.parser import text_string_to_metric_families


def histogram_quantiles(page: str, name: str, quantiles: tuple[float, ...]) -> list[float]:
    """Return quantiles of a histogram over all its labels, as Prometheus would reckon them.

    Args:
        page: Text of /metrics.
        name: Of the histogram.
        quantiles: Each in (0, 1).

    Returns:
        Seconds; NaN where nothing was observed.
    """
    counts: dict[float, float] = defaultdict(float)
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name == f"{name}_bucket":
                counts[float(sample.labels["le"])] += sample.value
    edges = sorted(counts)
    total = counts[math.inf] if edges else 0.0
    return [_quantile(edges, counts, quantile * total) if total else math.nan for quantile in quantiles]


def _quantile(edges: list[float], counts: dict[float, float], rank: float) -> float:
    below, former = 0.0, 0.0
    for edge in edges:
        if counts[edge] >= rank:
            if math.isinf(edge):
                return former
            inside = counts[edge] - below
            return former + (edge - former) * ((rank - below) / inside if inside else 1.0)
        below, former = counts[edge], edge
    return former


def counter_total(page: str, name: str, **labels: str) -> float:
    """Return the sum of a counter over the labels that are not given."""
    total = 0.0
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name == f"{name}_total" and labels.items() <= sample.labels.items():
                total += sample.value
    return total

"""Metrics: many values at once are booked as they would be one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram

from stream.metrics import DEFINITIONS, Metrics

DELAY, WAIT = "foreshot_label_delay_seconds", "foreshot_event_to_score_seconds"
DELAYS, WAITS = (next(one.buckets for one in DEFINITIONS if one.name == name) for name in (DELAY, WAIT))


def samples(registry, name):
    (family,) = [one for one in registry.collect() if one.name == name]
    kept = [one for one in family.samples if not one.name.endswith("_created")]
    return {(one.name, *sorted(one.labels.items())): one.value for one in kept}


@given(st.lists(st.sampled_from(DELAYS) | st.floats(-1.0, 1e6), max_size=40))
def test_values_of_a_batch_are_observed_as_they_would_be_one_by_one(values):
    made, expected = Metrics(), CollectorRegistry()
    one_by_one = Histogram(DELAY, "-", ("line",), registry=expected, buckets=DELAYS).labels(line="cards")
    for value in values:
        one_by_one.observe(value)
    made.observe(DELAY, values, line="cards")
    assert samples(made.registry, DELAY) == pytest.approx(samples(expected, DELAY))


a_wait = st.sampled_from(WAITS) | st.floats(-1.0, 100.0)


@given(st.lists(st.lists(st.tuples(st.sampled_from([f"line-{one}" for one in range(40)]), a_wait), max_size=60)))
def test_events_of_many_lines_are_counted_as_they_would_be_one_by_one(batches):
    made, expected = Metrics(), CollectorRegistry()
    waits = Histogram(WAIT, "-", ("line",), registry=expected, buckets=WAITS)
    events = Counter("foreshot_events", "-", ("line",), registry=expected)
    for batch in batches:
        for line, wait_s in batch:
            waits.labels(line=line).observe(wait_s)
            events.labels(line=line).inc()
        made.events_scored([line for line, _ in batch], np.array([wait_s for _, wait_s in batch]))
    for name in (WAIT, "foreshot_events"):
        assert samples(made.registry, name) == pytest.approx(samples(expected, name))

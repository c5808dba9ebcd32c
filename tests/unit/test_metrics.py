"""Metrics: many values at once are booked as they would be one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram

from stream.metrics import DEFINITIONS, Metrics

NAME = "foreshot_event_to_score_seconds"
(BUCKETS,) = [one.buckets for one in DEFINITIONS if one.name == NAME]


def samples(registry):
    (family,) = [one for one in registry.collect() if one.name == NAME]
    return {(one.name, one.labels.get("le")): one.value for one in family.samples if not one.name.endswith("_created")}


@given(st.lists(st.sampled_from(BUCKETS) | st.floats(-1.0, 100.0), max_size=40))
def test_values_of_a_batch_are_observed_as_they_would_be_one_by_one(values):
    made, expected = Metrics(), CollectorRegistry()
    one_by_one = Histogram(NAME, "-", ("line",), registry=expected, buckets=BUCKETS).labels(line="cards")
    for value in values:
        one_by_one.observe(value)
    made.observe(NAME, values, line="cards")
    assert samples(made.registry) == pytest.approx(samples(expected))

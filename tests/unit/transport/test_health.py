"""What a worker says of itself, from its partitions' progress."""

import pytest

from stream.metrics import Metrics
from stream.transport.health import Health, PartitionProgress


def a_health(*partitions, assigned=True):
    health = Health(30.0, Metrics())
    health.update(list(partitions), assigned=assigned)
    return health


def a_partition(*, lag=0, idle_s=0.0, restored=True):
    return PartitionProgress("payments", 3, lag, idle_s, restored)


def test_a_worker_whose_partitions_move_is_well():
    health = a_health(a_partition(), a_partition(lag=500, idle_s=29.0))
    assert health.reasons_not_alive() == health.reasons_not_ready() == []


def test_a_worker_without_partitions_is_alive_but_not_ready():
    health = a_health(assigned=False)
    assert health.reasons_not_alive() == []
    assert health.reasons_not_ready() == ["no partitions are assigned yet"]


def test_records_that_wait_and_are_not_processed_fail_both():
    health = a_health(a_partition(lag=500, idle_s=31.0))
    assert health.reasons_not_alive() == health.reasons_not_ready()
    assert health.reasons_not_alive() == ["payments/3: 500 records wait and none was processed for 31 s"]


def test_a_partition_without_work_may_be_idle_for_ever():
    assert a_health(a_partition(lag=0, idle_s=1e6)).reasons_not_ready() == []


def test_a_long_restore_that_goes_on_is_alive_but_not_ready():
    health = a_health(a_partition(lag=None, idle_s=2.0, restored=False))
    assert health.reasons_not_alive() == []
    assert health.reasons_not_ready() == ["payments/3: restoring"]


def test_a_restore_that_stands_still_is_not_alive():
    health = a_health(a_partition(lag=None, idle_s=31.0, restored=False))
    assert health.reasons_not_alive() == ["payments/3: restoring stands still for 31 s"]


def test_a_partition_whose_end_is_not_known_is_not_ready_but_needs_no_restart():
    health = a_health(a_partition(lag=None, idle_s=31.0))
    assert health.reasons_not_alive() == []
    assert health.reasons_not_ready() == ["payments/3: Kafka has not told for 31 s how many records wait"]


def test_a_loop_that_does_not_answer_any_more_is_not_alive(monkeypatch):
    health = a_health(a_partition())
    now_s = health._updated_s
    monkeypatch.setattr("stream.transport.health.time.monotonic", lambda: now_s + 31.0)
    assert health.reasons_not_alive() == ["the worker's own loop has not answered for 31 s"]


@pytest.mark.parametrize(("idle_s", "ready"), [(0.0, 1.0), (31.0, 0.0)])
def test_lag_and_readiness_are_shown(idle_s, ready):
    metrics = Metrics()
    Health(30.0, metrics).update([a_partition(lag=7, idle_s=idle_s)], assigned=True)
    assert metrics.registry.get_sample_value("foreshot_consumer_lag", {"topic": "payments", "partition": "3"}) == 7
    assert metrics.registry.get_sample_value("foreshot_ready") == ready

"""Starting and leaving: a state that cannot be opened is told in one line; a runner ends though it is deaf at first."""

import asyncio
import contextlib
from types import SimpleNamespace

import pytest
from faust.types import TP

from stream.errors import ForeshotError
from stream.metrics import Metrics
from stream.settings import Settings, load_settings
from stream.transport import app
from stream.transport.app import StreamWorker, _end, _faust_app
from stream.transport.cluster import Cluster
from stream.transport.health import Health
from stream.transport.stage import MATCHING, Stage
from stream.transport.weights_topic import WeightsTopic


def test_a_task_that_swallows_its_first_cancellation_is_ended_all_the_same():
    async def deaf_once():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    async def work():
        task = asyncio.create_task(deaf_once())
        await asyncio.sleep(0)
        await asyncio.wait_for(_end(task), 10)
        return task.cancelled()

    assert asyncio.run(work())


def test_the_web_port_binds_to_the_loopback_address_unless_told(tmp_path):
    def bound(**given):
        settings = load_settings({}, state_folder=str(tmp_path), **given)
        return _faust_app(settings, Cluster.plain("127.0.0.1:1")).conf.web_bind

    assert bound() == "127.0.0.1"
    assert bound(web_host="192.0.2.7") == "192.0.2.7"


def a_worker(stages, folder, monkeypatch, metrics):
    cluster = Cluster.plain("127.0.0.1:1")
    weights = WeightsTopic(cluster, "line-weights", lambda *_: True)
    worker = StreamWorker(Settings(state_folder=folder), cluster, stages, weights, metrics, Health(1.0, metrics))
    monkeypatch.setattr(type(worker.app), "consumer_generation_id", 1)
    return worker


class IdleRunner:
    """Has its stages and waits."""

    def __init__(self, parts, writer, *_):
        self.parts, self.writer = parts, writer

    async def run(self):
        await asyncio.sleep(60)

    async def stop(self):
        pass


def test_stages_of_a_partition_share_a_runner_in_their_order_and_the_learners_have_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(app, "PartitionRunner", IdleRunner)
    monkeypatch.setattr(app, "TransactionalWriter", lambda _cluster, identifier, *_: identifier)
    stages = [
        Stage("profile", ("payments",), None, lambda _: None),
        Stage("score", ("enriched",), None, lambda _: None),
        Stage("match", ("scored", "labels"), None, lambda _: None, transactions=MATCHING),
    ]
    assigned = {TP(topic, 0) for topic in ("enriched", "labels", "payments", "scored")} | {TP("enriched", 1)}

    async def work():
        worker = a_worker(stages, tmp_path, monkeypatch, Metrics())
        await worker._on_assigned(SimpleNamespace(), assigned)
        held = {one.writer: [(part.stage.name, part.sources) for part in one.parts] for one in worker._runners}
        await worker._stop_runners()
        return held

    assert asyncio.run(work()) == {
        "foreshot-score-0": [("profile", ("payments",)), ("score", ("enriched",))],
        "foreshot-score-1": [("score", ("enriched",))],
        "foreshot-match-0": [("match", ("labels", "scored"))],
    }


def test_a_state_that_cannot_be_opened_ends_the_worker_with_its_reason(tmp_path, monkeypatch):
    def refuse(_partition):
        raise ForeshotError("feature store /var/state: Permission denied; give a folder that can be written")

    def end(where, error):
        raise SystemExit(f"{where}: {error}")

    monkeypatch.setattr(app, "fail", end)
    metrics = Metrics()
    stage = Stage("match", ("scored-events",), None, refuse)
    worker = a_worker([stage], tmp_path, monkeypatch, metrics)
    with pytest.raises(SystemExit, match=r"match/0: feature store .* give a folder that can be written"):
        asyncio.run(worker._on_assigned(SimpleNamespace(), {TP("scored-events", 0)}))

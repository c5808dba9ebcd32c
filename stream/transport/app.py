"""The Faust worker: agents over micro-batches, and a runner of stages that share transactions for each partition."""

import asyncio
import logging
import os
import socket
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, cast

import faust
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.structs import TopicPartition
from faust.types import TP

from stream.errors import ForeshotError, UsageError
from stream.metrics import Metrics
from stream.pipelines.effects import PartitionStep
from stream.settings import Settings
from stream.transport.cluster import Cluster
from stream.transport.dead_letters import DeadLetterLimit
from stream.transport.greeting import refused_now
from stream.transport.health import Health, PartitionProgress
from stream.transport.micro_batches import MicroBatch, MicroBatchConsumer, MicroBatchSchema, MicroBatchTransport
from stream.transport.pages import add_pages
from stream.transport.partition_runner import PartitionRunner
from stream.transport.partition_stage import PartitionStage
from stream.transport.permissions import transactional_id
from stream.transport.refusals import refusal
from stream.transport.stage import Stage
from stream.transport.topics import Topics
from stream.transport.transactions import TransactionalWriter
from stream.transport.weights_topic import WeightsTopic

logger = logging.getLogger(__name__)

_ENDS_EVERY_S = 2.0
_ENDS_WAIT_S = 5.0
_CANCEL_AGAIN_S = 0.5


class StreamWorker:
    """Joins Faust's group membership to the stages' runners."""

    def __init__(
        self,
        settings: Settings,
        cluster: Cluster,
        stages: list[Stage],
        weights: WeightsTopic,
        metrics: Metrics,
        health: Health,
    ) -> None:
        """Build the Faust app; `app` is run by the command line."""
        self.app = _faust_app(settings, cluster)
        self.app.transport.tell = self._told
        self._settings = settings
        self._cluster = cluster
        self._stages = {topic: stage for stage in stages for topic in stage.topics}
        self._weights = weights
        self._metrics = metrics
        self._health = health
        self._names = Topics(settings.topic_prefix)
        self._runners: list[PartitionRunner] = []
        self._owners: dict[tuple[str, int], tuple[PartitionRunner, PartitionStage]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._generation = -1
        self._ends: Mapping[TP, int] = {}
        for stage in stages:
            self._add_agent(stage)
        self.app.on_partitions_assigned.connect(self._on_assigned)
        self.app.on_partitions_revoked.connect(self._on_revoked)
        # Before the group is left: the next owner would fence runners that go on.
        self.app.on_before_shutdown.connect(self._on_shutdown)
        self.app.task(self._follow_weights)
        self.app.task(self._follow_ends)
        self.app.timer(1.0)(self._look)
        add_pages(self.app, metrics, health)

    @property
    def _consumer(self) -> MicroBatchConsumer:
        return cast("MicroBatchConsumer", self.app.consumer)

    def _add_agent(self, stage: Stage) -> None:
        topic = self.app.topic(*stage.topics, schema=MicroBatchSchema(), acks=False)

        async def agent(stream: Any) -> None:
            async for batch in stream:
                self._submit(stage, batch)

        self.app.agent(topic, name=f"foreshot.{stage.name}")(agent)

    def _submit(self, stage: Stage, batch: MicroBatch) -> None:
        owner = self._owners.get((stage.name, batch.tp.partition))
        # A run fetched before a rebalance may skip records of the new owner's first runs.
        if owner is not None and batch.generation == self._generation:
            runner, part = owner
            runner.submit(part, batch)

    async def _on_assigned(self, _app: Any, assigned: set[TP], **_: Any) -> None:
        await self._stop_runners()
        if self.app.should_stop:
            return
        self._generation = self.app.consumer_generation_id
        topics: dict[tuple[str, int], list[str]] = defaultdict(list)
        for tp in sorted(assigned):
            if (stage := self._stages.get(tp.topic)) is not None:
                topics[stage.name, tp.partition].append(tp.topic)
        parts: dict[tuple[str, int], list[PartitionStage]] = defaultdict(list)
        # In the order of the stages: what one writes another reads.
        for stage in dict.fromkeys(self._stages.values()):
            for partition in sorted(number for name, number in topics if name == stage.name):
                parts[stage.transactions, partition].append(self._part(stage, partition, topics[stage.name, partition]))
        for (name, partition), own in parts.items():
            self._start_runner(name, partition, own)

    def _part(self, stage: Stage, partition: int, topics: list[str]) -> PartitionStage:
        limit = DeadLetterLimit(self._settings.max_dead_letter_ratio, self._settings.dead_letter_window)
        try:
            return PartitionStage(stage, partition, topics, limit, self._consumer.hold, self._consumer.release)
        except ForeshotError as error:
            # Faust would bury what to do under its own traces.
            fail(f"{stage.name}/{partition}", error)

    def _start_runner(self, name: str, partition: int, parts: list[PartitionStage]) -> None:
        settings = self._settings
        identifier = transactional_id(settings, name, partition)
        runner = PartitionRunner(
            parts,
            TransactionalWriter(self._cluster, identifier, settings.application, self._names),
            self._cluster,
            self._names,
            self._metrics,
            self._committed,
            settings.application,
            settings.max_event_bytes,
        )
        self._runners.append(runner)
        self._owners |= {(part.stage.name, partition): (runner, part) for part in parts}
        task = asyncio.create_task(runner.run(), name=f"{name}/{partition}")
        task.add_done_callback(self._on_done)
        self._tasks.append(task)

    async def _committed(self, tp: TopicPartition) -> int | None:
        return await self._consumer.committed(TP(tp.topic, tp.partition))

    async def _on_revoked(self, _app: Any, _revoked: set[TP], **_: Any) -> None:
        await self._stop_runners()

    async def _on_shutdown(self, _app: Any, **_: Any) -> None:
        await self._stop_runners()

    async def _stop_runners(self) -> None:
        self._generation = -1
        runners, self._runners, self._owners = self._runners, [], {}
        tasks, self._tasks = self._tasks, []
        await asyncio.gather(*map(_end, tasks))
        await asyncio.gather(*(runner.stop() for runner in runners))
        for part in (part for runner in runners for part in runner.parts):
            for topic in part.sources:
                self._metrics.forget_partition(topic, part.partition)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(task.get_name(), error)

    async def _follow_weights(self) -> None:
        try:
            await self._weights.follow()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - any failure ends the worker, loudly
            self._fail("line-weights", error)

    def _fail(self, where: str, error: BaseException) -> None:
        told = refusal(error, self._cluster)
        if told is None and isinstance(error, KafkaConnectionError):
            told = refused_now(self._cluster)
        fail(where, told or error)

    def _told(self, error: BaseException) -> None:
        if (refused := refusal(error, self._cluster)) is not None:
            fail("consumer", refused)

    async def _look(self) -> None:
        progress = [one for part in self._parts() for one in self._progress_of(part)]
        self._health.update(progress, assigned=self._generation >= 0)

    async def _follow_ends(self) -> None:
        # What was fetched last says nothing of a partition that is not fetched any more.
        while not self.app.should_stop:
            if partitions := [TP(topic, part.partition) for part in self._parts() for topic in part.sources]:
                self._ends = await self._read_ends(partitions)
            await self.app.sleep(_ENDS_EVERY_S)

    async def _read_ends(self, partitions: list[TP]) -> Mapping[TP, int]:
        try:
            return await asyncio.wait_for(self._consumer.highwaters(*partitions), _ENDS_WAIT_S)
        except (KafkaError, TimeoutError) as error:
            logger.warning("the ends of %d partitions could not be read: %s", len(partitions), error)
            return {}

    def _parts(self) -> list[PartitionStage]:
        return [part for runner in self._runners for part in runner.parts]

    def _progress_of(self, part: PartitionStage) -> list[PartitionProgress]:
        found = []
        for topic in part.sources:
            done = part.next_offset(topic)
            lag = self._lag(part, TP(topic, part.partition), done)
            if lag == 0:
                part.progressed(topic)
            idle_s = time.monotonic() - part.progress_s[topic]
            found.append(PartitionProgress(topic, part.partition, lag, idle_s, done is not None))
        return found

    def _lag(self, part: PartitionStage, tp: TP, done: int | None) -> int | None:
        end, position = self._ends.get(tp), self._consumer.position_of(tp)
        if end is None or done is None:
            return None
        # The end may lie behind marks of transactions, which are fetched but are no records.
        if position is not None and position >= end and not part.waits(tp.topic):
            return 0
        return max(end - done, 1)

    def steps_of(self, stage: str) -> dict[int, PartitionStep]:
        """Return a stage's steps whose state is back, by partition."""
        return {part.partition: part.step for part in self._parts() if part.stage.name == stage and part.restored}

    def run(self) -> None:
        """Run until a signal ends it, then leave the group and exit."""
        _check_port(self._settings.web_host, self._settings.web_port)
        if self._cluster.is_in_the_clear:
            logger.warning("Kafka at %s is spoken to without TLS; see docs/security.md", self._cluster.addresses)
        # Logging is set up already; Faust would replace it.
        worker = self.app.Worker(loglevel="WARN", redirect_stdouts=False, quiet=True, override_logging=False)
        # Its cursor's control codes have no place in a log.
        worker.spinner = None
        worker.execute_from_commandline()


async def _end(task: asyncio.Task[None]) -> None:
    # A cancellation that meets a call just done may be swallowed on the way: it is asked for again.
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_CANCEL_AGAIN_S)


def _check_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UsageError(
                f"web port {host}:{port} cannot be used: {error}; choose another with --web-port"
            ) from error


def fail(where: str, error: BaseException) -> NoReturn:
    """End the process at once: what was not committed is undone by the next owner.

    Args:
        where: Which part failed.
        error: Why.
    """
    known = isinstance(error, ForeshotError)
    logger.critical("%s: %s; the worker stops", where, error, exc_info=None if known else error)
    logging.shutdown()
    os._exit(error.exit_code if isinstance(error, ForeshotError) else 1)


def _faust_app(settings: Settings, cluster: Cluster) -> faust.App:
    folder = Path(settings.state_folder) / "faust"
    folder.mkdir(parents=True, exist_ok=True)
    app = faust.App(
        settings.application,
        broker=[f"kafka://{address}" for address in cluster.servers],
        broker_credentials=_credentials(cluster),
        datadir=folder,
        autodiscover=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_buffer_maxsize=16,
        broker_max_poll_records=4 * settings.micro_batch_records,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.session_timeout_s / 4,
        broker_rebalance_timeout=30.0,
        broker_request_timeout=max(40.0, settings.session_timeout_s + 10.0),
        broker_commit_livelock_soft_timeout=float(10**9),
        stream_processing_timeout=float(10**9),
        web_bind=settings.web_host,
        web_host=settings.web_host,
        web_port=settings.web_port,
    )
    transport = MicroBatchTransport(app.conf.broker_consumer, app)
    transport.micro_batch_records = settings.micro_batch_records
    transport.fetch_wait_ms = settings.fetch_wait_ms
    transport.cluster = cluster
    app.transport = transport
    return app


def _credentials(cluster: Cluster) -> faust.auth.Credentials | None:
    # For the producer that Faust starts itself; its consumer is made in `micro_batches`.
    if cluster.login is None:
        return None if cluster.ssl_context is None else faust.SSLCredentials(cluster.ssl_context)
    login = cluster.login
    return faust.SASLCredentials(
        username=login.username,
        password=login.password.get_secret_value(),
        ssl_context=cluster.ssl_context,
        mechanism=login.mechanism,
    )

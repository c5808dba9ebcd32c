"""The demo from end to end: simulate, train, start, feed, label, judge, stop."""

import json
import secrets
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress, TaskID

from metalearn.few_shot.adapted_head import HeadPlan
from metalearn.few_shot.episode_bank import BankPlan
from metalearn.few_shot.training import FewShotPlan
from metalearn.tasks.task import Task
from metalearn.training import TrainingPlan
from stream.backtest.feature_pass import features_of
from stream.backtest.train import train_initialisation, training_data
from stream.demo.act import Act, acts_of
from stream.demo.financed_twice import financed_twice
from stream.demo.histories import write_live, write_training
from stream.demo.judge import Judge
from stream.demo.kept_files import INITIALISATION, LEDGER_KEY, LIVE, TRAINING, keep_files
from stream.demo.latency import counter_total, histogram_quantiles
from stream.demo.live import LiveFeed
from stream.demo.processes import WorkerProcess, free_ports
from stream.errors import UsageError
from stream.events.business_line import BusinessLine
from stream.events.history import History, read_history
from stream.events.line_file import load_lines
from stream.events.scored_event import ScoredEvent
from stream.events.scored_event import decode as decode_scored
from stream.features.specification import specification_of
from stream.metrics import Metrics
from stream.pipelines.effects import (
    ADAPTATIONS,
    ALERTS,
    DOCUMENT_CLAIMS,
    DOCUMENT_MATCHES,
    ENRICHED_EVENTS,
    LABELLED_EXAMPLES,
    LINE_WEIGHTS,
    SCORED_EVENTS,
)
from stream.pipelines.live_weights import LiveWeights
from stream.scoring.initialisation import load_initialisation
from stream.scoring.line_scorers import LineScorers, scorers_over
from stream.settings import load_settings
from stream.simulation.cards import START_S
from stream.simulation.demo_world import (
    LIVE_DAYS,
    TRADE_TRAINING_LINES,
    TRAINING_DAYS,
    TRAINING_LINES,
    UNSEEN_LINE,
    UNSEEN_TRADE_LINE,
)
from stream.simulation.supply_chain.simulate import Simulated
from stream.transport.clients import connect_producer, read_topic
from stream.transport.cluster import Cluster
from stream.transport.drain import Drain
from stream.transport.embedded_broker import EmbeddedBroker
from stream.transport.topics import REKEYED_SUFFIX, ensure_topics

DAY_S = 86_400.0
_GROUP = "foreshot-demo"
_FULL_SPEED = 1e9
_DECLARED = (UNSEEN_LINE, *TRAINING_LINES, UNSEEN_TRADE_LINE, *TRADE_TRAINING_LINES)

_PHASES = {
    "pooled": "pooled warm start",
    "meta": "meta-training",
    "episodes": "few-shot episodes",
    "trees": "shared trees",
    "head": "adapted head",
}


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """How long and how fast.

    Attributes:
        seed: Of all chance.
        training_days: Simulated history of the training lines.
        live_days: Simulated days that are fed live.
        per_second: Events a second while latencies are measured.
        labels: Frauds of the unseen line of payments that analysts label.
        document_labels: The same of the unseen line of documents.
        pooled_steps: Of training.
        meta_steps: Of training.
        episodes: Of the few-shot model's training, 0 trains none.
        head_steps: Of its network's.
    """

    seed: int = 7
    training_days: int = TRAINING_DAYS
    live_days: int = LIVE_DAYS
    per_second: float = 1_000.0
    labels: int = 20
    document_labels: int = 5
    pooled_steps: int = 800
    meta_steps: int = 400
    episodes: int = 400
    head_steps: int = 600


class Demo:
    """One run of the demo."""

    def __init__(self, plan: DemoPlan, lines_file: Path, folder: Path, bar: Progress) -> None:
        """Prepare a run in `folder`.

        Raises:
            UsageError: The file lacks a line of the demo.
        """
        self._plan = plan
        self._folder = folder
        self._tasks: list[Task] = []
        self._bar = bar
        self._lines_file = lines_file
        self._lines: dict[str, BusinessLine] = load_lines([lines_file])
        if lacking := [one.name for one in _DECLARED if one.name not in self._lines]:
            raise UsageError(f"{lines_file}: lacks {', '.join(lacking)}; give a copy of lines/demo")

    def run(self) -> dict[str, Any]:
        """Run it all and return the summary."""
        began_s = time.monotonic()
        initialisation = self._train()
        live, documents = self._live_history()
        with ExitStack() as stack:
            broker = stack.enter_context(EmbeddedBroker(self._folder / "kafka"))
            summary = self._stream(stack, Cluster.plain(broker.bootstrap_servers), initialisation, live, documents)
        return {**summary, "seconds": round(time.monotonic() - began_s, 1)}

    def _train(self) -> Path:
        plan = self._plan
        file = self._folder / TRAINING
        write_training(file, plan.training_days, plan.seed)
        known = {line.name for line in (*TRAINING_LINES, *TRADE_TRAINING_LINES)}
        lines = {name: line for name, line in self._lines.items() if name in known}
        history = read_history(file, lines)
        features, fresh = features_of(history, self._advance("features of history", len(history.batch)))
        until_s = START_S + plan.training_days * DAY_S
        data = training_data(history, features, fresh, until_s)
        training = replace(TrainingPlan(), seed=plan.seed, pooled_steps=plan.pooled_steps, meta_steps=plan.meta_steps)
        self._tasks = data.tasks
        bank, head = BankPlan(episodes=plan.episodes), HeadPlan(steps=plan.head_steps)
        few_shot = FewShotPlan(bank, head, seed=plan.seed) if plan.episodes else None
        until = datetime.fromtimestamp(until_s, UTC).isoformat()
        made = train_initialisation(data, training, until, self._phases(), None, few_shot=few_shot)
        out = self._folder / INITIALISATION
        made.save(out)
        return out

    def _phases(self) -> Callable[[str, int, int, float], None]:
        tasks: dict[str, TaskID] = {}

        def tell(phase: str, step: int, steps: int, _: float) -> None:
            if phase not in tasks:
                tasks[phase] = self._bar.add_task(_PHASES[phase], total=steps)
            self._bar.update(tasks[phase], completed=step)

        return tell

    def _live_history(self) -> tuple[History, Simulated]:
        plan = self._plan
        file = self._folder / LIVE
        documents = write_live(file, plan.live_days, plan.seed + 1, START_S + plan.training_days * DAY_S)
        live = read_history(file, self._lines)
        for act in acts_of(live, plan.labels, plan.document_labels):
            if not len(act.chosen_frauds(live, plan.seed)):
                raise UsageError(f"no fraud of {act.line} is known in time to be labelled; shorten its label_delay")
        return live, documents

    def _advance(self, name: str, total: int) -> Callable[[int], None]:
        task = self._bar.add_task(name, total=total)
        return lambda done: self._bar.advance(task, done)

    def _stream(
        self, stack: ExitStack, cluster: Cluster, initialisation: Path, live: History, documents: Simulated
    ) -> dict[str, Any]:
        settings = load_settings({}, bootstrap_servers=cluster.addresses, application=_GROUP, partitions=2)
        ensure_topics(settings, self._lines.values())
        workers = self._workers(stack, cluster, initialisation)
        producer = connect_producer(cluster)
        stack.callback(producer.close)
        drain = Drain(cluster, _GROUP, self._topics())
        stack.callback(drain.close)
        feed = LiveFeed(producer, live, "")
        cards, trade = acts_of(live, self._plan.labels, self._plan.document_labels)
        advance = self._advance("live events", len(live.batch))
        # In order of time. Documents that finance pass one hop more: at full speed months would pass meanwhile.
        self._play(trade, self._plan.per_second, feed, live, drain, advance)
        pace = self._play(cards, _FULL_SPEED, feed, live, drain, advance)
        scored = [decode_scored(record.value) for record in read_topic(cluster, SCORED_EVENTS)]
        matches = [(record.key, record.value) for record in read_topic(cluster, DOCUMENT_MATCHES)]
        scorers = self._final_scorers(cluster, initialisation)
        frauds = {one for one, label in zip(live.batch.event_id, live.label.tolist(), strict=True) if label == 1}
        judge = Judge(self._tasks, scorers, scored, frauds, set(feed.labelled))
        return {
            **self._summary(cluster, live, scored, workers, feed),
            "events_per_second_at_full_speed": pace,
            "produce_to_score_s": _paced_latency(scored, cards, self._plan),
            "unseen_line": judge.of(cards),
            "unseen_supply_chain_line": judge.of(trade),
            "documents_financed_twice": financed_twice(scored, matches, documents),
        }

    def _workers(self, stack: ExitStack, cluster: Cluster, initialisation: Path) -> list[WorkerProcess]:
        """Start a scorer and a learner, and wait until they are ready."""
        key = self._folder / LEDGER_KEY
        key.write_text(secrets.token_hex(32), encoding="utf-8")
        environment = {
            "FORESHOT_BOOTSTRAP_SERVERS": cluster.addresses,
            "FORESHOT_APPLICATION": _GROUP,
            "FORESHOT_PARTITIONS": "2",
            "FORESHOT_LINES": str(self._lines_file),
            "FORESHOT_INITIALISATION": str(initialisation),
            "FORESHOT_LEDGER_KEY_FILE": str(key),
            "FORESHOT_LOG_LEVEL": "WARNING",
        }
        workers = [
            WorkerProcess(
                role,
                port,
                {**environment, "FORESHOT_STATE_FOLDER": str(self._folder / role)},
                self._folder / f"{role}.log",
            )
            for role, port in zip(("score", "learn"), free_ports(2), strict=True)
        ]
        for worker in workers:
            stack.enter_context(worker)
        for worker in workers:
            worker.wait_until_ready()
        return workers

    def _topics(self) -> list[str]:
        payments, papers = (self._lines[one.name].topic for one in (UNSEEN_LINE, UNSEEN_TRADE_LINE))
        inner = (DOCUMENT_CLAIMS, ENRICHED_EVENTS, SCORED_EVENTS, LABELLED_EXAMPLES)
        return [payments, papers, papers + REKEYED_SUFFIX, *inner]

    def _play(
        self, act: Act, per_second: float, feed: LiveFeed, live: History, drain: Drain, advance: Callable[[int], None]
    ) -> int:
        """Feed life at a pace, then label while events flow, then feed what is judged; return the pace there was."""
        warm, learning, judged = act.parts(live)
        began_s = time.monotonic()
        feed.events(warm, per_second, advance)
        drain.wait()
        seconds = time.monotonic() - began_s
        chosen = act.chosen_frauds(live, self._plan.seed)
        for part, fraud in zip(np.array_split(learning, len(chosen)), chosen.tolist(), strict=True):
            feed.label(fraud)
            feed.events(part, self._plan.per_second, advance)
        drain.wait()
        feed.events(judged, self._plan.per_second, advance)
        drain.wait()
        return round(len(warm) / seconds)

    def _final_scorers(self, cluster: Cluster, initialisation: Path) -> LineScorers:
        specification = specification_of(self._lines.values())
        scorers = scorers_over(load_initialisation(initialisation, specification))
        weights = LiveWeights(scorers, specification.hash, Metrics())
        for record in read_topic(cluster, LINE_WEIGHTS):
            weights.take(record.key, record.value)
        return scorers

    def _summary(
        self,
        cluster: Cluster,
        live: History,
        scored: list[ScoredEvent],
        workers: list[WorkerProcess],
        feed: LiveFeed,
    ) -> dict[str, Any]:
        page, learn_page = workers[0].page("metrics"), workers[1].page("metrics")
        score_s = histogram_quantiles(page, "foreshot_event_to_score_seconds", (0.5, 0.95, 0.99))
        live_s = histogram_quantiles(page, "foreshot_label_to_live_seconds", (0.5, 0.95))
        return {
            "events": len(scored),
            "events_once_each": len({event.event_id for event in scored}) == len(scored) == len(live.batch),
            "produce_to_score_s_whole_run": dict(zip(("p50", "p95", "p99"), map(_milli, score_s), strict=True)),
            "alerts": len(read_topic(cluster, ALERTS)),
            "labels": len(feed.labelled),
            "label_to_live_s": dict(zip(("p50", "p95"), map(_milli, live_s), strict=True)),
            "adaptations": {
                outcome: int(counter_total(learn_page, "foreshot_adaptations", outcome=outcome))
                for outcome in ("accepted", "rejected")
            },
            "audit_records": len(read_topic(cluster, ADAPTATIONS)),
        }


def _milli(seconds: float) -> float:
    return round(seconds, 4)


def _paced_latency(scored: list[ScoredEvent], act: Act, plan: DemoPlan) -> dict[str, float]:
    waits = [
        (event.scored_at_ms - event.produced_at_ms) / 1000
        for event in scored
        if act.judged_from_s <= event.occurred_at_s < act.until_s
    ]
    p50, p95, p99 = np.quantile(waits, [0.5, 0.95, 0.99]).tolist()
    return {"p50": _milli(p50), "p95": _milli(p95), "p99": _milli(p99), "at_events_per_second": plan.per_second}


def run_demo(plan: DemoPlan, lines_file: Path, bar: Progress, out: Path | None) -> dict[str, Any]:
    """Run the demo in a temporary folder and return its summary.

    Args:
        plan: How long and how fast.
        lines_file: Declares the demo's lines; a file or a folder of files.
        bar: Shows how far it is.
        out: Folder that keeps the summary and what it was made from, None for none.

    Raises:
        UsageError: The line file does not fit.
        ForeshotError: Kafka or a worker did not start.
    """
    with tempfile.TemporaryDirectory(prefix="foreshot-demo-") as folder:
        summary = Demo(plan, lines_file, Path(folder), bar).run()
        if out is not None:
            keep_files(Path(folder), lines_file, out)
            (out / "demo.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return summary

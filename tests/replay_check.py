"""Replays a week of the handbook's cards through Kafka and compares it with the backtest.

Run it with `make replay-check`. It starts an embedded Kafka and real workers, prints
what it finds as JSON, writes it to OUT/replay.json, and exits with 1 where it does not hold.

1. One partition, in step: the same event ids once each, scores equal within 1e-6.
2. Four partitions, two workers, free: the same event ids once each; subject features equal;
   re-scoring the recorded `enriched-events` in their recorded order gives the recorded
   scores within 1e-6; the difference that order alone causes is printed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

import numpy as np

from stream.alerts.budget import AlertBudget
from stream.backtest.run import Backtest, run_backtest
from stream.clock import FixedClock
from stream.commands.history_options import epoch_s
from stream.events.enriched_event import decode as decode_enriched
from stream.events.history import read_history
from stream.events.line_file import load_lines
from stream.events.scored_event import decode as decode_scored
from stream.features.counterparty import CounterpartyState
from stream.features.specification import PAYMENTS
from stream.metrics import Metrics
from stream.pipelines.active_versions import ActiveVersions
from stream.pipelines.live_weights import LiveWeights
from stream.pipelines.score_event import Scoring, score_events
from stream.scoring.initialisation import load_initialisation
from stream.scoring.line_scorers import scorers_over
from stream.transport.clients import read_topic
from stream.transport.cluster import Cluster
from stream.transport.drain import Drain
from stream.transport.embedded_broker import EmbeddedBroker

TOLERANCE = 1e-6
DAY_S = 86_400.0


class Check:
    """One comparison: its history, its backtest, its installation on Kafka."""

    def __init__(self, args, broker, folder):
        self.args = args
        self.cluster = Cluster.plain(broker)
        self.folder = folder
        self.lines = load_lines([args.line])
        self.history = read_history(
            args.events, self.lines, epoch_s(args.since, "--from"), epoch_s(args.until, "--until")
        )
        self.initialisation = load_initialisation(args.init, PAYMENTS)

    def backtest(self):
        found = {}

        def take(events):
            found.update({event.event_id: event for event in events})

        backtest = Backtest(self.lines, self.initialisation, 90 * DAY_S)
        run_backtest(self.history, backtest, take, lambda _: None)
        return found, backtest

    def environment(self, name, partitions, port):
        return {
            **os.environ,
            "FORESHOT_BOOTSTRAP_SERVERS": self.cluster.addresses,
            "FORESHOT_APPLICATION": name,
            "FORESHOT_TOPIC_PREFIX": f"{name}-",
            "FORESHOT_PARTITIONS": str(partitions),
            "FORESHOT_LINES": str(self.args.line),
            "FORESHOT_INITIALISATION": str(self.args.init),
            "FORESHOT_STATE_FOLDER": str(self.folder / f"{name}-{port}"),
            "FORESHOT_WEB_PORT": str(port),
            "FORESHOT_LOG_LEVEL": "WARNING",
        }

    def run(self, name, partitions, workers, *options):
        ports = [6180 + at for at in range(workers)]
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "stream.cli", "worker", "--role", "all"],
                env=self.environment(name, partitions, port),
            )
            for port in ports
        ]
        try:
            for port in ports:
                wait_until_ready(port)
            began = time.monotonic()
            command = ["replay", "--line", str(self.args.line), "--events", str(self.args.events), *options]
            command += ["--from", self.args.since, "--until", self.args.until, "--json"]
            subprocess.run(
                [sys.executable, "-m", "stream.cli", *command],
                env=self.environment(name, partitions, 6179), check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            self.wait_for_scores(name)
            return time.monotonic() - began
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(30)

    def wait_for_scores(self, name):
        drain = Drain(self.cluster, name, [f"{name}-scored-events"])
        drain.close()
        deadline = time.monotonic() + 300
        while len(read_topic(self.cluster, f"{name}-scored-events")) < len(self.history.batch):
            if time.monotonic() > deadline:
                break
            time.sleep(2)

    def scored(self, name):
        return [decode_scored(record.value) for record in read_topic(self.cluster, f"{name}-scored-events")]


def wait_until_ready(port, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2):
                return
        except OSError as error:
            why = error.read().decode() if isinstance(error, urllib.error.HTTPError) else str(error)
            time.sleep(0.3)
    sys.exit(f"the worker on port {port} did not become ready: {why}")


def ids_once_each(events, expected):
    counts = Counter(event.event_id for event in events)
    return {
        "events": len(events),
        "missing": len(expected - counts.keys()),
        "doubled": sum(count > 1 for count in counts.values()),
        "unknown": len(counts.keys() - expected),
    }


def against(events, backtest):
    worst = max(abs(event.score - backtest[event.event_id].score) for event in events)
    versions = sum(event.weights_version != backtest[event.event_id].weights_version for event in events)
    return {"largest_score_difference": worst, "events_with_another_version": versions}


def subject_features_differ(events, backtest):
    width = PAYMENTS.profiled_width * 4
    return sum(event.features[:width] != backtest[event.event_id].features[:width] for event in events)


def rescored_difference(check, name, partitions, events):
    """Score the recorded enriched events again, partition by partition, in their order."""
    scorers = scorers_over(check.initialisation)
    weights = LiveWeights(scorers, PAYMENTS.hash, Metrics())
    for record in read_topic(check.cluster, f"{name}-line-weights"):
        weights.take(record.key, record.value)
    recorded = {event.event_id: event.score for event in events}
    by_partition = {}
    for record in read_topic(check.cluster, f"{name}-enriched-events"):
        by_partition.setdefault(record.partition, []).extend(decode_enriched(record.value))
    worst = 0.0
    for records in by_partition.values():
        scoring = Scoring(
            check.lines, CounterpartyState(), scorers, ActiveVersions(), AlertBudget(), partitions, FixedClock()
        )
        for event in score_events(scoring, records):
            worst = max(worst, abs(event.score - recorded[event.event_id]))
    return worst


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--line", type=Path, default=Path("lines/card_handbook.yaml"))
    parser.add_argument("--events", type=Path)
    parser.add_argument("--init", type=Path, default=Path("out/handbook/init.safetensors"))
    parser.add_argument("--from", dest="since", default="2018-07-11")
    parser.add_argument("--until", default="2018-07-18")
    parser.add_argument("--out", type=Path, default=Path("out/replay"))
    args = parser.parse_args()
    args.events = args.events or args.data / "card_handbook" / "transactions.parquet"
    with tempfile.TemporaryDirectory() as folder, EmbeddedBroker(Path(folder) / "kafka") as broker:
        check = Check(args, broker.bootstrap_servers, Path(folder))
        backtest, run = check.backtest()
        expected = set(backtest)
        found = {"backtest_events": len(backtest), "backtest_adaptations": len(run.adaptations)}
        seconds = check.run("one", 1, 1)
        events = check.scored("one")
        found["one_partition"] = {**ids_once_each(events, expected), **against(events, backtest), "seconds": seconds}
        seconds = check.run("four", 4, 2, "--free")
        events = check.scored("four")
        found["four_partitions_two_workers"] = {
            **ids_once_each(events, expected),
            "subject_features_that_differ": subject_features_differ(events, backtest),
            "largest_difference_rescored": rescored_difference(check, "four", 4, events),
            "difference_that_order_causes": {
                **against(events, backtest),
                "mean": float(np.mean([abs(event.score - backtest[event.event_id].score) for event in events])),
            },
            "seconds": seconds,
        }
    one, four = found["one_partition"], found["four_partitions_two_workers"]
    holds = (
        not any(part[name] for part in (one, four) for name in ("missing", "doubled", "unknown"))
        and one["largest_score_difference"] <= TOLERANCE
        and four["subject_features_that_differ"] == 0
        and four["largest_difference_rescored"] <= TOLERANCE
    )
    found["holds"] = holds
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "replay.json").write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()

"""What an event costs in both hops and in a learner without Kafka, stage by stage, and beside an earlier commit.

`python -m tests.benchmarks.in_process` prints µs an event by stage, with one line and with a thousand; a learner's are
those of matching, its features on disk, without what adapting costs.
With `--against COMMIT` both trees score the same payments in turn, each in a process of its own, and what
they write is compared bit for bit; of many short turns the ratio is told, since other programs disturb both alike.
"""

import argparse
import functools
import hashlib
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import stream.pipelines.match_step
import stream.pipelines.profile_subject
import stream.pipelines.score_event
import stream.pipelines.score_step
from stream.adaptation.feature_store import FeatureStore
from stream.adaptation.label_state import LabelState
from stream.alerts.budget import AlertBudget
from stream.clock import FixedClock
from stream.events.decode import Decoder, SourceRecord
from stream.events.enriched_event import decode as decode_enriched
from stream.events.label_horizons import label_horizons
from stream.features.subject import SubjectState
from stream.metrics import Metrics
from stream.one_core import use_one_core
from stream.pipelines.confirmed_precision import ConfirmedPrecision
from stream.pipelines.effects import ENRICHED_EVENTS, SCORED_EVENTS
from stream.pipelines.joined_state import JoinedState
from stream.pipelines.match_step import MatchStep
from stream.pipelines.profile_subject import ProfileStep
from stream.pipelines.score_step import ScoreStep
from stream.rare_collections import collect_rarely
from tests.benchmarks.peer_load import DAYS, START, Load
from tests.benchmarks.two_hops import BATCH, TwoHops, records_of

# Functions by the stage their time is booked on, less the time in those of other stages.
STAGES = (
    (Decoder, "decode", "decode"),
    (stream.pipelines.profile_subject, "profile_events", "profile"),
    (ProfileStep, "process", "encode enriched"),
    (SubjectState, "drain_changes", "changelog"),
    (stream.pipelines.score_step, "_read", "decode enriched"),
    (stream.pipelines.score_step, "_usable", "decode enriched"),
    (stream.pipelines.score_event, "observe", "counterparty"),
    (stream.pipelines.score_event, "score_each", "score"),
    (AlertBudget, "observe_and_decide", "alert"),
    (stream.pipelines.score_event, "reasons_each", "reasons"),
    (stream.pipelines.score_step, "score_events", "join"),
    (ScoreStep, "process", "encode scored"),
    (JoinedState, "drain_changes", "changelog"),
    (ScoreStep, "committed", "book"),
)
LEARNER_STAGES = (
    (stream.pipelines.match_step, "_decode", "decode scored"),
    (FeatureStore, "_sweep", "sweep"),
    (FeatureStore, "put", "keep"),
    (stream.pipelines.match_step, "match_scored", "match"),
    (MatchStep, "process", "encode examples"),
)
TREE = ("stream", "metalearn")


class Stopwatch:
    """Books time on stages; where one calls another, on the inner one alone."""

    def __init__(self):
        self.spent_s = Counter()
        self._inside_s = [0.0]

    def timed(self, function, stage):
        @functools.wraps(function)
        def measured(*args, **kwargs):
            self._inside_s.append(0.0)
            began = time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                took = time.process_time() - began
                self.spent_s[stage] += took - self._inside_s.pop()
                self._inside_s[-1] += took

        return measured

    @contextmanager
    def on(self, stages):
        """Time functions until the block ends."""
        former = [(owner, name, getattr(owner, name)) for owner, name, _ in stages]
        for (owner, name, function), (*_, stage) in zip(former, stages, strict=True):
            setattr(owner, name, self.timed(function, stage))
        try:
            yield
        finally:
            for owner, name, function in former:
                setattr(owner, name, function)


def warm_hops(load, warm_up):
    """Return both hops after the load's first events, and the records of the others."""
    clock = FixedClock(START.timestamp() + DAYS * 86_400)
    with tempfile.TemporaryDirectory() as folder:
        hops = TwoHops(load, Path(folder), clock)
    records = records_of(load)
    hops.run(records[:warm_up])
    collect_rarely()
    return hops, records[warm_up:]


def stages(lines, events, warm_up):
    """Print what each stage costs."""
    hops, records = warm_hops(Load(events + warm_up, lines=lines, partitions=1), warm_up)
    watch, scored = Stopwatch(), []
    with watch.on(STAGES):
        began = time.process_time()
        hops.run(records, lambda written, _: scored.extend(one.value for one in written if one.topic == SCORED_EVENTS))
        whole_s = time.process_time() - began
    spent = {**watch.spent_s, "between": whole_s - watch.spent_s.total()}
    tell(f"{lines:,} lines", spent, events)
    learner_stages(hops.lines, scored)


def learner_stages(lines, values):
    """Print what a learner's matching costs, its memory warm."""
    with tempfile.TemporaryDirectory() as folder:
        horizons = label_horizons(lines.values(), 90 * 86_400.0)
        store = FeatureStore(Path(folder), horizons)
        clock, metrics = FixedClock(START.timestamp() + DAYS * 86_400), Metrics()
        step = MatchStep(
            LabelState(horizons), store, lines, clock, metrics, ConfirmedPrecision(metrics), 0, 1, "fraud-labels"
        )
        records = [SourceRecord("scored-events", 0, at, b"", value, 0) for at, value in enumerate(values)]
        watch, half = Stopwatch(), len(records) // 2
        _match(step, records[:half])
        with watch.on(LEARNER_STAGES):
            began = time.process_time()
            _match(step, records[half:])
            whole_s = time.process_time() - began
        step.close()
    tell("  a learner", {**watch.spent_s, "between": whole_s - watch.spent_s.total()}, len(records) - half)


def _match(step, records):
    for at in range(0, len(records), BATCH):
        step.process(records[at : at + BATCH])
        step.state.drain_changes()
        step.committed()


def tell(what, spent_s, events):
    print(f"{what}: {sum(spent_s.values()) / events * 1e6:.1f} µs an event")
    for stage, took_s in sorted(spent_s.items(), key=lambda one: -one[1]):
        print(f"  {stage:16}{took_s / events * 1e6:6.2f}", flush=True)


def serve(load, warm_up, each):
    """Score the next events whenever a line comes in; answer with their cost and a digest of all that they wrote."""
    hops, records = warm_hops(load, warm_up)
    print("ready", flush=True)
    for start, _ in zip(range(0, len(records), each), sys.stdin, strict=False):
        print(*one_turn(hops, records[start : start + each]), flush=True)


def one_turn(hops, records):
    written = []
    began = time.process_time()
    hops.run(records, lambda *one: written.append(one))
    return (time.process_time() - began) / len(records) * 1e6, *digests_of(written)


def digests_of(written):
    """Return a digest of all records and changes, and one for which a scored event's numbers count to nine places."""
    exact, rounded = hashlib.sha256(), hashlib.sha256()
    for outgoing, changes in written:
        for key, value in [pair for one in outgoing for pair in told(one)] + changes:
            exact.update(repr((key, value)).encode())
            rounded.update(repr((key, to_nine_places(value))).encode())
    return exact.hexdigest(), rounded.hexdigest()


def told(outgoing):
    """Return keys and values of a record; events between the hops each by itself, however they travel."""
    if outgoing.topic != ENRICHED_EVENTS:
        return [(outgoing.key, outgoing.value)]
    found = decode_enriched(outgoing.value)
    return [(None, repr(one).encode()) for one in (found if isinstance(found, Sequence) else [found])]


def to_nine_places(value):
    if value is None or not value.startswith(b'{"event_id"'):
        return value
    return json.loads(value, parse_float=lambda text: round(float(text), 9))


class Tree:
    """One checkout's code, in a process that waits until it is asked to score."""

    def __init__(self, folder, arguments):
        here = Path.cwd()
        command = [sys.executable, "-m", "tests.benchmarks.in_process", "--serve", *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(here)}
        self._process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout.readline() == "ready\n"

    def ask(self):
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        cost, exact, rounded = self._process.stdout.readline().split()
        return float(cost), exact, rounded

    def end(self):
        self._process.stdin.close()
        self._process.wait()


def checked_out(commit):
    """Return a folder with a commit's code; it stays, since compiling what it scores with takes a minute."""
    name = answer_of("git", "rev-parse", commit).decode().strip()
    folder = Path("out/in_process") / name
    if not folder.exists():
        folder.mkdir(parents=True)
        with tarfile.open(fileobj=io.BytesIO(answer_of("git", "archive", name, *TREE))) as archive:
            archive.extractall(folder, filter="data")
    return folder


def answer_of(program, *arguments):
    return subprocess.run([shutil.which(program), *arguments], capture_output=True, check=True).stdout


def compare(commit, lines, events, warm_up, turns):
    """Print the ratio of this tree's cost to a commit's, from turns that alternate."""
    arguments = ["--lines", lines, "--events", events, "--warm-up", warm_up, "--turns", turns]
    before, now = Tree(checked_out(commit), arguments), Tree(Path.cwd(), arguments)
    pairs, exact, rounded = [], True, True
    for turn in range(turns):
        # Who goes second finds the machine as the first left it.
        order = (before, now) if turn % 2 else (now, before)
        answers = {tree: tree.ask() for tree in order}
        pairs.append((answers[before][0], answers[now][0]))
        exact = exact and answers[before][1] == answers[now][1]
        rounded = rounded and answers[before][2] == answers[now][2]
    before.end()
    now.end()
    ratio = statistics.median(after / former for former, after in pairs)
    least = [min(one) for one in zip(*pairs, strict=True)]
    print(f"{lines:,} lines: CPU µs an event {least[0]:.1f} before, {least[1]:.1f} now, the least of {turns} turns;")
    same = "to the bit" if exact else "to nine places" if rounded else "IN NOTHING"
    print(f"  median ratio {ratio:.3f}; what they write is the same {same}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, nargs="*", default=(1, 1_000))
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--warm-up", type=int, default=20_000)
    parser.add_argument("--against", metavar="COMMIT")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    for lines in args.lines:
        if args.serve:
            each = args.events // args.turns // BATCH * BATCH
            serve(Load(args.events + args.warm_up, lines=lines, partitions=1), args.warm_up, each)
        elif args.against:
            compare(args.against, lines, args.events, args.warm_up, args.turns)
        else:
            stages(lines, args.events, args.warm_up)


if __name__ == "__main__":
    use_one_core()
    main()

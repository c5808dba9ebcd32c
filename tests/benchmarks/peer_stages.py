"""Where the worker's time goes: py-spy's samples of the real process, each booked on the stage nearest its top."""

import contextlib
import signal
import subprocess
import time
from collections import Counter

from tests.benchmarks.peer_meter import on_core

_RATE = 250
# It looks for the interpreter first.
_UP_S = 2.0
_FETCH_THREAD = "mode/threads.py"
# Without stopping the process, py-spy cannot tell a thread that waits for its sockets from one that works.
_WAITING = "(selectors.py"

# The first that names a frame's place wins; frames are tried from the top of the stack down.
_STAGES = (
    ("stream/events/decode.py", "decode"),
    ("stream/features/subject.py", "profile"),
    ("stream/features/profile_state.py", "profile"),
    ("stream/features/counterparty.py", "counterparty"),
    ("stream/pipelines/profile_subject.py", "encode enriched"),
    ("decode (stream/events/enriched_event.py", "decode enriched"),
    ("stream/events/enriched_event.py", "encode enriched"),
    ("_read (stream/pipelines/score_step.py", "decode enriched"),
    ("_usable (stream/pipelines/score_step.py", "decode enriched"),
    ("prepare (stream/pipelines/score_step.py", "decode enriched"),
    ("stream/scoring/", "score"),
    ("stream/alerts/budget.py", "alert"),
    ("stream/pipelines/raise_alert.py", "alert"),
    ("_score (stream/pipelines/score_event.py", "encode scored"),
    ("stream/events/utc_texts.py", "encode scored"),
    ("stream/events/scored_event.py", "encode scored"),
    ("process (stream/pipelines/score_step.py", "encode scored"),
    ("committed (stream/pipelines/score_step.py", "book"),
    ("stream/metrics.py", "book"),
    ("stream/pipelines/score_event.py", "counterparty"),
    ("drain_changes (", "changelog"),
    ("stream/transport/transactions.py", "produce and commit"),
    ("aiokafka/producer", "produce and commit"),
    ("aiokafka/record/default_records.py", "fetch"),
    ("aiokafka/consumer", "fetch"),
    ("stream/transport/micro_batches.py", "fetch"),
    ("_source_records", "fetch"),
    ("_onward", "fetch"),
    ("stream/transport/partition_stage.py", "fetch"),
    ("stream/transport/partition_runner.py", "produce and commit"),
    ("faust", "Faust"),
)


@contextlib.contextmanager
def sampled(py_spy, process_id, path):
    """Sample a process until the block ends; the stacks go to a file."""
    command = [py_spy, "record", "--pid", f"{process_id}", "--rate", f"{_RATE}", "--duration", "36000"]
    with on_core({1}):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen([*command, "--format", "raw", "--nonblocking", "--output", path], **quiet)
    time.sleep(_UP_S)
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def stage_of(stack):
    """Return the stage that a stack (root first, frames separated by semicolons) is booked on."""
    for frame in reversed(stack.split(";")):
        for place, stage in _STAGES:
            if place in frame:
                return stage
    # Sockets and selectors: Faust's consumer has a thread of its own.
    return "fetch" if _FETCH_THREAD in stack else "event loop and sockets"


def shares(path):
    """Return each stage's share of the samples in which it did not wait, the largest first."""
    counts = Counter()
    for line in path.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        if _WAITING not in stack.rpartition(";")[2]:
            counts[stage_of(stack)] += int(count)
    return {stage: count / counts.total() for stage, count in counts.most_common()}

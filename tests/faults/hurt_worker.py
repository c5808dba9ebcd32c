"""A worker that is hurt from within once a file appears: run it as `hurt_worker.py HURT FILE worker ...`.

partition: one partition's stage waits for ever. consumer: nothing is fetched any more.
thread: the consumer's own thread hangs, heartbeats with it. adaptation: it never ends.
"""

import asyncio
import sys
import time
from pathlib import Path

from stream.cli import main
from stream.pipelines.adapt_line import LineLearner
from stream.pipelines.profile_subject import ProfileStep
from stream.transport.micro_batches import MicroBatchConsumer, MicroBatchConsumerThread

_FOR_EVER_S = 1e6


def _partition(hurt):
    async def prepare(step, _records):
        if hurt() and step._partition == "0":
            await asyncio.Event().wait()

    ProfileStep.prepare = prepare


def _consumer(hurt):
    fetch = MicroBatchConsumer._wait_next_records

    async def wait_next_records(consumer, timeout):  # noqa: ASYNC109 - Faust's signature
        if hurt():
            await asyncio.Event().wait()
        return await fetch(consumer, timeout)

    MicroBatchConsumer._wait_next_records = wait_next_records


def _thread(hurt):
    fetch = MicroBatchConsumerThread._fetch_records

    async def fetch_records(thread, *args, **kwargs):
        if hurt():
            time.sleep(_FOR_EVER_S)  # noqa: ASYNC251 - that is the hurt
        return await fetch(thread, *args, **kwargs)

    MicroBatchConsumerThread._fetch_records = fetch_records


def _adaptation(hurt):
    learn = LineLearner.learn

    def slow(learner, examples):
        if hurt():
            time.sleep(_FOR_EVER_S)
        return learn(learner, examples)

    LineLearner.learn = slow


if __name__ == "__main__":
    kind, file = sys.argv[1], Path(sys.argv[2])
    {"partition": _partition, "consumer": _consumer, "thread": _thread, "adaptation": _adaptation}[kind](file.exists)
    sys.argv = [sys.argv[0], *sys.argv[3:]]
    main()

"""Fetching across a rebalance: nothing is fetched between the seek and the new start."""

import asyncio
from types import SimpleNamespace

from faust.types import TP

from stream.transport.micro_batches import _ROOM_S, MicroBatchConsumer, MicroBatchConsumerThread, runs_of

PAYMENTS, OTHER, ANOTHERS = (TP("payments", number) for number in range(3))


class StandingConsumer(MicroBatchConsumer):
    """The consumer without Faust's app and thread: its fetch and its seek are the test's."""

    def __init__(self, fetch):
        self.app = SimpleNamespace(consumer_generation_id=1, in_recovery=False)
        self.transport = SimpleNamespace(micro_batch_records=2)
        self._no_fetch = asyncio.Event()
        self._no_fetch.set()
        self._seeks, self._sought = 0, 1
        self._read_offset = {}
        self._committed_offset = {}
        self._buffered_partitions, self._active_partitions = set(), {PAYMENTS}
        self._has_room = asyncio.Event()
        self._on_hold = set()
        self.flow_active = True
        self.can_resume_flow = asyncio.Event()
        self.fetch = fetch
        self.seeks, self.waits_s = [], []

    @property
    def should_stop(self):
        return False

    def assignment(self):
        return {PAYMENTS, OTHER}

    async def wait(self, event):
        await event.wait()

    async def _wait_next_records(self, timeout_s):
        self.waits_s.append(timeout_s)
        return await self.fetch(), {PAYMENTS}

    async def seek_to_committed(self):
        self.seeks.append("seek")
        return {PAYMENTS: 4}

    def _to_message(self, tp, record):
        return SimpleNamespace(tp=tp, offset=record.offset)


def records(*offsets):
    return {PAYMENTS: [SimpleNamespace(offset=at, value=b"") for at in offsets]}


async def taken(consumer):
    return [[one.offset for one in message.value.records] async for _, message in consumer.getmany(1.0)]


def test_a_fetch_is_cut_into_runs_and_what_was_read_before_is_left_out():
    async def work():
        async def fetch():
            return records(3, 4, 5, 8)

        consumer = StandingConsumer(fetch)
        consumer._read_offset[PAYMENTS] = 4
        return await taken(consumer)

    assert asyncio.run(work()) == [[4, 5], [8]]


def test_a_seek_waits_for_a_fetch_that_began_before_the_rebalance_and_its_records_are_dropped():
    async def work():
        arrived = asyncio.Event()

        async def fetch():
            await arrived.wait()
            return records(0, 1)

        consumer = StandingConsumer(fetch)
        stale = asyncio.create_task(taken(consumer))
        await asyncio.sleep(0)
        consumer.flow_active = False
        consumer.app.consumer_generation_id = 2
        seek = asyncio.create_task(consumer.perform_seek())
        await asyncio.sleep(0.01)
        assert consumer.seeks == []
        arrived.set()
        await seek
        return await stale, consumer.seeks, consumer._read_offset

    assert asyncio.run(work()) == ([], ["seek"], {PAYMENTS: 4})


def test_a_fetch_waits_while_the_flow_is_stopped_and_a_seek_does_not_wait_for_it():
    async def work():
        async def fetch():
            return records(4)

        consumer = StandingConsumer(fetch)
        consumer.flow_active = False
        waiting = asyncio.create_task(taken(consumer))
        await asyncio.sleep(0)
        await asyncio.wait_for(consumer.perform_seek(), 1)
        consumer.flow_active = True
        consumer.can_resume_flow.set()
        return await waiting

    assert asyncio.run(work()) == [[4]]


def test_nothing_is_fetched_after_a_rebalance_before_the_seek_though_the_flow_goes_on():
    async def work():
        async def fetch():
            return records(5, 6)

        consumer = StandingConsumer(fetch)
        consumer.app.consumer_generation_id = 2
        before = await taken(consumer)
        await consumer.perform_seek()
        return before, await taken(consumer)

    assert asyncio.run(work()) == ([], [[5, 6]])


def test_a_seek_ends_what_a_fetch_before_it_still_has_to_hand_out():
    async def work():
        async def fetch():
            return records(5, 6, 7, 8)

        consumer = StandingConsumer(fetch)
        handed = consumer.getmany(1.0)
        first = [one.offset for one in (await anext(handed))[1].value.records]
        await consumer.perform_seek()
        return first, [message async for message in handed], consumer._read_offset

    assert asyncio.run(work()) == ([5, 6], [], {PAYMENTS: 4})


def test_where_no_queue_has_room_nothing_is_fetched_until_one_has():
    async def work():
        async def fetch():
            return records(4)

        consumer = StandingConsumer(fetch)
        consumer.on_buffer_full(PAYMENTS)
        waiting = asyncio.create_task(taken(consumer))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        consumer.on_buffer_drop(PAYMENTS)
        before = await asyncio.wait_for(waiting, 0.5)
        return before, await taken(consumer), consumer.waits_s

    assert asyncio.run(work()) == ([], [[4]], [1.0])


def test_a_source_on_hold_stays_there_when_its_queue_in_faust_has_room():
    async def fetch():
        return records(4)

    consumer = StandingConsumer(fetch)
    consumer.hold(PAYMENTS)
    consumer.on_buffer_drop(PAYMENTS)
    assert consumer._buffered_partitions == {PAYMENTS}
    consumer.release(PAYMENTS)
    assert consumer._buffered_partitions == set()
    assert consumer._active_partitions == {PAYMENTS}


def test_a_fetch_without_a_source_that_is_full_is_soon_over():
    async def work():
        async def fetch():
            return records(4)

        consumer = StandingConsumer(fetch)
        consumer._active_partitions = {PAYMENTS, OTHER}
        consumer.hold(OTHER)
        await taken(consumer)
        consumer.release(OTHER)
        await taken(consumer)
        return consumer.waits_s

    assert asyncio.run(work()) == [_ROOM_S, 1.0]


def test_a_partition_that_was_taken_away_while_its_queue_was_full_is_not_waited_for():
    async def work():
        async def fetch():
            return records(4)

        consumer = StandingConsumer(fetch)
        consumer.on_buffer_full(ANOTHERS)
        consumer._active_partitions.clear()
        return await taken(consumer), consumer.waits_s

    assert asyncio.run(work())[1] == [1.0]


def test_partitions_without_a_commit_are_read_from_their_beginning():
    class Kafka:
        def __init__(self):
            self.beginnings = []

        async def seek_to_committed(self):
            return {"committed": 7, "never": None, "at the start": 0}

        async def seek_to_beginning(self, *partitions):
            self.beginnings += partitions

    kafka = Kafka()
    thread = SimpleNamespace(_ensure_consumer=lambda: kafka)
    committed = asyncio.run(MicroBatchConsumerThread._seek_all(thread))
    assert committed == {"committed": 7, "never": None, "at the start": 0}
    assert kafka.beginnings == ["never", "at the start"]


def test_a_run_ends_at_its_number_of_records_or_at_its_bytes():
    records = [SimpleNamespace(value=None if at == 3 else b"x" * (100 if at == 5 else 1)) for at in range(9)]
    assert [len(run) for run, _ in runs_of(records, 4, 100)] == [4, 2, 3]
    assert [one for run, _ in runs_of(records, 4, 100) for one in run] == records
    assert list(runs_of([], 4, 100)) == []

"""One partition's runner: what waits is taken together, in order, once."""

import asyncio
from types import SimpleNamespace

import pytest
from faust.types import TP

from stream.errors import ForeshotError
from stream.events.decode import Rejected, SourceRecord
from stream.metrics import Metrics
from stream.pipelines.effects import Effects, Outgoing, StatelessReplay
from stream.transport import partition_runner
from stream.transport.dead_letters import DeadLetterLimit
from stream.transport.micro_batches import MicroBatch
from stream.transport.partition_runner import PartitionRunner
from stream.transport.stage import Stage
from stream.transport.topics import Topics
from stream.transport.transactions import Changes


class WriterThatRemembers:
    def __init__(self, delay_s=0.0):
        self.commits = []
        self.changes = []
        self.delay_s = delay_s

    async def start(self):
        pass

    async def stop(self):
        pass

    async def commit(self, outgoing, changes, source, next_offset):
        await asyncio.sleep(self.delay_s)
        self.changes.append(changes)
        self.commits.append(([one.value for one in outgoing], source.topic, next_offset))


class Echo(StatelessReplay):
    """Writes each record back, at most some at a time."""

    def __init__(self, most=None):
        self.state = None
        self.most = most

    def process(self, records):
        taken = records[: self.most]
        return Effects([Outgoing("out", None, record.value) for record in taken], [], len(taken))


class Patient(Echo):
    """Lets all wait but what says `now`."""

    def urgent(self, records):
        return any(record.value == b"now" for record in records)


class Refusing(Echo):
    """Refuses, with each run, what `chosen` makes of it."""

    def __init__(self, chosen):
        super().__init__()
        self.chosen = chosen

    def process(self, records):
        return Effects([], [Rejected(one, "unknown_event", None, "") for one in self.chosen(records)])


class Holding(Refusing):
    """Refuses so many of the events that each record holds."""

    def __init__(self, held, refused):
        super().__init__(lambda records: records * refused)
        self.held = held

    def process(self, records):
        return Effects([], super().process(records).rejected, len(records), held=self.held * len(records))


class StateOfSomeSize:
    def __init__(self, size):
        self.size = size

    def drain_changes(self):
        return []

    def size_bytes(self):
        return self.size


def a_batch(offsets, topic="in"):
    records = [
        SimpleNamespace(topic=topic, partition=0, offset=at, key=b"k", value=b"%d" % at, timestamp=0) for at in offsets
    ]
    return MicroBatch(TP(topic, 0), 1, records)


def run(batches, step=None, committed=0, writer=None, pace_s=0.0, metrics=None, changelog=None):
    """Return the commits after all batches were worked off."""
    writer = writer or WriterThatRemembers()
    metrics = metrics or Metrics()

    async def offset(_):
        return committed

    async def work():
        stage = Stage("echo", ("in", "other"), changelog, lambda _: step or Echo(), pace_s=pace_s)
        runner = PartitionRunner(
            stage, 0, ["in", "other"], writer, "", Topics(""), metrics, DeadLetterLimit(0.5, 100), offset
        )
        for batch in batches:
            await runner.submit(batch)
        task = asyncio.create_task(runner.run())
        for _ in range(200):
            await asyncio.sleep(0.005)
            if task.done():
                task.result()
            if not runner.waiting:
                break
        assert not runner.waiting
        task.cancel()
        return writer.commits

    return asyncio.run(work())


def test_batches_that_wait_share_one_transaction():
    assert run([a_batch([0, 1]), a_batch([2]), a_batch([3, 4])]) == [([b"0", b"1", b"2", b"3", b"4"], "in", 5)]


def test_batches_of_two_topics_keep_their_order_and_their_own_transactions():
    commits = run([a_batch([0]), a_batch([7], "other"), a_batch([8], "other"), a_batch([1])])
    assert commits == [([b"0"], "in", 1), ([b"7", b"8"], "other", 9), ([b"1"], "in", 2)]


def test_records_below_the_committed_offset_are_not_taken_again():
    assert run([a_batch([3, 4, 5])], committed=5) == [([b"5"], "in", 6)]


def test_records_that_two_waiting_batches_share_are_taken_once():
    assert run([a_batch([3, 4, 5]), a_batch([5, 6]), a_batch([3])]) == [([b"3", b"4", b"5", b"6"], "in", 7)]


def test_a_batch_committed_whole_makes_no_transaction():
    assert run([a_batch([3, 4])], committed=5) == []


def test_a_step_that_takes_the_first_records_alone_is_asked_for_the_rest():
    assert run([a_batch([0, 1, 2])], Echo(most=2)) == [([b"0", b"1"], "in", 2), ([b"2"], "in", 3)]


def waited_in_vain(records):
    """Refuse three labels from long ago with every event."""
    return [SourceRecord("labels", 0, -1, b"k", b"{}", 0)] * (3 * len(records))


def test_labels_that_waited_in_vain_do_not_stop_the_worker_that_finds_them():
    metrics = Metrics()
    commits = run([a_batch(range(150))], Refusing(waited_in_vain), metrics=metrics)
    assert [(topic, offset) for _, topic, offset in commits] == [("in", 150)]
    booked = b'foreshot_dead_letters_total{reason="unknown_event",topic="labels"} 450.0'
    assert booked in metrics.exposition()


def test_a_share_of_refused_records_above_the_limit_stops_the_worker():
    with pytest.raises(ForeshotError, match="150 of the last 150 records"):
        run([a_batch(range(150))], Refusing(lambda records: records))


def test_of_records_that_hold_many_events_the_share_of_refused_events_counts():
    commits = run([a_batch([0])], Holding(held=200, refused=90))
    assert [(topic, offset) for _, topic, offset in commits] == [("in", 1)]
    with pytest.raises(ForeshotError, match="110 of the last 200 records"):
        run([a_batch([0])], Holding(held=200, refused=110))


def test_a_state_that_serves_two_topics_is_booked_once():
    step, metrics = Echo(), Metrics()
    step.state = StateOfSomeSize(640)
    run([a_batch([0]), a_batch([7], "other")], step, metrics=metrics)
    lines = [line for line in metrics.exposition().decode().splitlines() if line.startswith("foreshot_state_bytes{")]
    assert lines == ['foreshot_state_bytes{partition="0",topic="in"} 640.0']


class StateThatChanged(StateOfSomeSize):
    def restore(self, records):
        return len(records)

    def drain_changes(self):
        return [(b"key", b"value"), (b"gone", None)]


async def empty_changelog(*_):
    return 0


def test_a_states_changes_go_to_its_changelog_in_the_same_commit(monkeypatch):
    monkeypatch.setattr(partition_runner, "read_partition", empty_changelog)
    step, writer = Echo(), WriterThatRemembers()
    step.state = StateThatChanged(1)
    assert run([a_batch([0, 1])], step, writer=writer, changelog="log") == [([b"0", b"1"], "in", 2)]
    assert writer.changes == [Changes("log", 0, [(b"key", b"value"), (b"gone", None)])]


def test_a_stage_that_remembers_nothing_changes_nothing():
    writer = WriterThatRemembers()
    run([a_batch([0])], writer=writer)
    assert writer.changes == [None]


def paced(feed, step, pace_s):
    """Return the commits of a runner that is fed while it runs."""
    writer = WriterThatRemembers()

    async def offset(_):
        return 0

    async def work():
        stage = Stage("echo", ("in", "other"), None, lambda _: step, pace_s=pace_s)
        runner = PartitionRunner(
            stage, 0, ["in", "other"], writer, "", Topics(""), Metrics(), DeadLetterLimit(0.5, 100), offset
        )
        task = asyncio.create_task(runner.run())
        for batch in feed:
            await runner.submit(batch)
            await asyncio.sleep(0.01)
        seen = list(writer.commits)
        busy = runner.waiting
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return seen, busy

    return asyncio.run(work())


def test_records_nobody_waits_for_wait_for_company_and_count_as_waiting():
    assert paced([a_batch([0]), a_batch([1])], Patient(), 60.0) == ([], True)


def test_an_urgent_record_takes_along_at_once_all_that_waited_before_it():
    urgent = a_batch([2])
    urgent.records[0].value = b"now"
    commits, busy = paced([a_batch([0]), a_batch([1]), urgent], Patient(), 60.0)
    assert (commits, busy) == ([([b"0", b"1", b"now"], "in", 3)], False)


def test_an_urgent_record_of_another_topic_ends_the_wait():
    urgent = a_batch([7], "other")
    urgent.records[0].value = b"now"
    commits, _ = paced([a_batch([0]), urgent], Patient(), 60.0)
    assert commits == [([b"0"], "in", 1), ([b"now"], "other", 8)]


def test_the_wait_for_company_ends():
    commits = run([a_batch([0])], Patient(), pace_s=0.05)
    assert commits == [([b"0"], "in", 1)]


@pytest.mark.parametrize("waiting", [1, 3])
def test_a_stopped_runner_drops_what_waits_and_takes_no_more(waiting):
    writer = WriterThatRemembers()

    async def work():
        stage = Stage("echo", ("in",), None, lambda _: Echo())
        runner = PartitionRunner(
            stage, 0, ["in"], writer, "", Topics(""), Metrics(), DeadLetterLimit(0.5, 100), lambda _: None
        )
        for at in range(waiting):
            await runner.submit(a_batch([at]))
        await runner.stop()
        await runner.submit(a_batch([9]))
        return runner.waiting

    assert asyncio.run(work()) is False
    assert writer.commits == []

"""One partition's runner: what waits is taken together, in order, once."""

import asyncio
from types import SimpleNamespace

import pytest
from faust.types import TP

from stream.errors import ForeshotError
from stream.events.decode import Rejected, SourceRecord
from stream.metrics import Metrics
from stream.pipelines.effects import Effects, Outgoing, StatelessReplay
from stream.transport import partition_runner, partition_stage
from stream.transport.changelog import offset_record
from stream.transport.dead_letters import DeadLetterLimit
from stream.transport.micro_batches import MicroBatch
from stream.transport.partition_runner import PartitionRunner
from stream.transport.partition_stage import PartitionStage
from stream.transport.stage import Stage
from stream.transport.topics import Topics
from stream.transport.transactions import Changes


class WriterThatRemembers:
    """Keeps what was committed: the values, a topic and its next offset; and all of it, with what changed."""

    def __init__(self, delay_s=0.0):
        self.commits = []
        self.transactions = []
        self.delay_s = delay_s

    async def start(self):
        pass

    async def stop(self):
        pass

    async def commit(self, outgoing, changes, offsets):
        await asyncio.sleep(self.delay_s)
        values, moved = [one.value for one in outgoing], {tp.topic: offset for tp, offset in offsets.items()}
        self.transactions.append((values, changes, moved))
        self.commits += [(values, *one) for one in moved.items()]


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


async def nothing_committed(_):
    return 0


def a_part(step, changelog=None, pace_s=0.0, name="echo", topics=("in", "other"), said=None):
    """Return a stage on partition 0; `said` hears which sources are not to be fetched, and which again."""
    said = [] if said is None else said
    stage = Stage(name, topics, changelog, lambda _: step, pace_s=pace_s)
    hold, release = (lambda tp, word=word: said.append((word, tp)) for word in ("hold", "release"))
    return PartitionStage(stage, 0, topics, DeadLetterLimit(0.5, 100), hold, release)


def a_runner(parts, writer, metrics=None, committed=nothing_committed):
    return PartitionRunner(parts, writer, "", Topics(""), metrics or Metrics(), committed, "group")


def any_waits(runner):
    return any(part.waits(topic) for part in runner.parts for topic in part.sources)


async def worked_off(runner, feed):
    """Run until nothing waits any more, fed with runs of records."""
    task = asyncio.create_task(runner.run())
    for one in feed:
        runner.submit(*one)
    for _ in range(200):
        await asyncio.sleep(0.005)
        if task.done():
            task.result()
        if not any_waits(runner):
            break
    assert not any_waits(runner)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def run(batches, step=None, committed=0, writer=None, pace_s=0.0, metrics=None, changelog=None):
    """Return the commits after all batches were worked off."""
    writer = writer or WriterThatRemembers()

    async def offset(_):
        return committed

    async def work():
        part = a_part(step or Echo(), changelog, pace_s)
        await worked_off(a_runner([part], writer, metrics, offset), [(part, batch) for batch in batches])
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


CHANGED = [(b"key", b"value"), (b"gone", None)]


class StateThatChanged(StateOfSomeSize):
    def restore(self, records):
        return len(records)

    def drain_changes(self):
        return CHANGED


async def empty_changelog(*_):
    return 0


def test_a_states_changes_go_to_its_changelog_in_the_same_commit(monkeypatch):
    monkeypatch.setattr(partition_stage, "read_partition", empty_changelog)
    step, writer = Echo(), WriterThatRemembers()
    step.state = StateThatChanged(1)
    assert run([a_batch([0, 1])], step, writer=writer, changelog="log") == [([b"0", b"1"], "in", 2)]
    assert [changes for _, changes, _ in writer.transactions] == [[Changes("log", 0, CHANGED)]]


def test_a_stage_that_remembers_nothing_changes_nothing():
    writer = WriterThatRemembers()
    run([a_batch([0])], writer=writer)
    assert [changes for _, changes, _ in writer.transactions] == [[]]


def paced(feed, step, pace_s):
    """Return the commits of a runner that is fed while it runs."""
    writer = WriterThatRemembers()

    async def work():
        part = a_part(step, pace_s=pace_s)
        runner = a_runner([part], writer)
        task = asyncio.create_task(runner.run())
        for batch in feed:
            runner.submit(part, batch)
            await asyncio.sleep(0.01)
        seen = list(writer.commits)
        busy = any_waits(runner)
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
        part = a_part(Echo())
        runner = a_runner([part], writer)
        for at in range(waiting):
            runner.submit(part, a_batch([at]))
        await runner.stop()
        runner.submit(part, a_batch([9]))
        return any_waits(runner)

    assert asyncio.run(work()) is False
    assert writer.commits == []


def test_stages_of_a_partition_share_a_transaction():
    writer = WriterThatRemembers()

    async def work():
        first, second = (a_part(Echo(), name=name, topics=(name,)) for name in ("first", "second"))
        runs = [(first, a_batch([0, 1], "first")), (second, a_batch([4], "second"))]
        await worked_off(a_runner([first, second], writer), runs)

    asyncio.run(work())
    assert writer.transactions == [([b"0", b"1", b"4"], [], {"first": 2, "second": 5})]


class WriterMeanwhile(WriterThatRemembers):
    """While it commits, a run comes: the partition is behind as long as there are some."""

    def __init__(self):
        super().__init__()
        self.meanwhile = []
        self.idle = asyncio.Event()

    async def commit(self, outgoing, changes, offsets):
        await super().commit(outgoing, changes, offsets)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        elif offsets:
            self.idle.set()


async def comes_back(monkeypatch, restored=(), end=100):
    """Have changelogs hold these records, and topics end there."""

    async def changelog(_cluster, _tp, take, **_):
        take([SimpleNamespace(topic="log", partition=0, key=key, value=value) for key, value in restored])
        return len(restored)

    async def end_of(*_):
        return end

    monkeypatch.setattr(partition_stage, "read_partition", changelog)
    monkeypatch.setattr(partition_runner, "end_of", end_of)


def remembering(name="echo", topics=("in", "other"), changelog="log"):
    step = Echo()
    step.state = StateThatChanged(1)
    return a_part(step, changelog, name=name, topics=topics)


def behind(monkeypatch, feed, tell_s=60.0, owed_s=60.0, *, until_idle=False, committed=nothing_committed, **back):
    """Return the transactions of a stage that remembers something, each of which meets the next run."""
    monkeypatch.setattr(partition_runner, "_TELL_S", tell_s)
    monkeypatch.setattr(partition_runner, "_OWED_S", owed_s)

    async def work():
        await comes_back(monkeypatch, **back)
        writer, part = WriterMeanwhile(), remembering()
        runner = a_runner([part], writer, committed=committed)
        first = [(part, batch) for batch in feed[:1]]
        writer.meanwhile = [lambda batch=batch: runner.submit(part, batch) for batch in feed[1:]]
        if until_idle:
            task = asyncio.create_task(runner.run())
            for one in first:
                runner.submit(*one)
            await asyncio.wait_for(writer.idle.wait(), 10)
            task.cancel()
        else:
            await worked_off(runner, first)
        return writer.transactions

    return asyncio.run(work())


def told(offset, topic="in", group="group"):
    return offset_record(group, topic, offset)


def test_a_stage_that_is_behind_tells_its_changelog_how_far_it_is_and_not_the_group(monkeypatch):
    first, second, third = behind(monkeypatch, [a_batch([0]), a_batch([1]), a_batch([2, 3])])
    assert first == ([b"0"], [Changes("log", 0, CHANGED)], {"in": 1})
    assert second == ([b"1"], [Changes("log", 0, [*CHANGED, told(2)])], {})
    assert third == ([b"2", b"3"], [Changes("log", 0, [*CHANGED, told(4)])], {})


def test_the_group_is_told_every_so_often(monkeypatch):
    feed = [a_batch([0]), a_batch([1]), a_batch([2, 3])]
    assert [moved for *_, moved in behind(monkeypatch, feed, tell_s=0.0)] == [{"in": 1}, {"in": 2}, {"in": 4}]


def test_the_group_is_told_of_all_that_it_is_owed_once_there_is_nothing_to_do(monkeypatch):
    feed = [a_batch([0]), a_batch([1]), a_batch([4], "other")]
    *_, owed = behind(monkeypatch, feed, owed_s=0.01, until_idle=True)
    assert owed == ([], [], {"in": 2, "other": 5})


def test_a_stage_without_a_changelog_tells_the_group_each_time_and_with_it_what_is_owed(monkeypatch):
    async def work():
        await comes_back(monkeypatch)
        writer, kept, bare = WriterMeanwhile(), remembering(topics=("in",)), a_part(Echo(), topics=("bare",))
        runner = a_runner([kept, bare], writer)
        writer.meanwhile = [
            lambda: runner.submit(kept, a_batch([1])),
            lambda: runner.submit(bare, a_batch([7], "bare")),
        ]
        await worked_off(runner, [(kept, a_batch([0]))])
        return writer.transactions

    assert [moved for *_, moved in asyncio.run(work())] == [{"in": 1}, {}, {"in": 2, "bare": 8}]


async def three_committed(_):
    return 3


def test_a_partition_goes_on_where_its_changelog_says_if_the_group_does_not_know_yet(monkeypatch):
    restored = [told(4), (b"key", b"value"), told(6), told(9, "of another stage"), told(40, group="another")]
    found = behind(monkeypatch, [a_batch([3, 4, 5, 6])], restored=restored, committed=three_committed)
    assert [(values, moved) for values, _, moved in found] == [([b"6"], {"in": 7})]


def test_a_partition_goes_on_where_the_group_says_if_its_changelog_is_older(monkeypatch):
    found = behind(monkeypatch, [a_batch([1, 2, 3])], restored=[told(2)], committed=three_committed)
    assert [(values, moved) for values, _, moved in found] == [([b"3"], {"in": 4})]


def test_a_group_that_does_not_know_where_a_partition_goes_on_is_told_though_nothing_comes(monkeypatch):
    assert behind(monkeypatch, [], owed_s=0.01, until_idle=True, restored=[told(6)]) == [([], [], {"in": 6})]


def test_each_stage_tells_its_own_changelog_so_that_one_may_go(monkeypatch):
    async def work():
        await comes_back(monkeypatch)
        writer = WriterMeanwhile()
        one, other = (remembering(name, (name,), f"{name}-log") for name in ("one", "other"))
        runner = a_runner([one, other], writer)
        writer.meanwhile = [
            lambda: [
                runner.submit(part, a_batch([at], name)) for part, name, at in ((one, "one", 1), (other, "other", 5))
            ]
        ]
        await worked_off(runner, [(one, a_batch([0], "one"))])
        return writer.transactions[-1][1]

    assert asyncio.run(work()) == [
        Changes("one-log", 0, [*CHANGED, told(2, "one")]),
        Changes("other-log", 0, [*CHANGED, told(6, "other")]),
    ]


def test_a_topic_that_ends_before_what_was_processed_of_it_stops_the_worker(monkeypatch):
    with pytest.raises(ForeshotError, match="in/0 ends at offset 5 and was processed up to 6: was the topic made anew"):
        behind(monkeypatch, [a_batch([0])], restored=[told(6)], end=5)


def test_an_offset_that_is_no_number_stops_the_worker(monkeypatch):
    with pytest.raises(ForeshotError, match="log/0 does not say how far in is"):
        behind(monkeypatch, [a_batch([0])], restored=[(told(6)[0], b"six")])


def test_stages_that_wait_for_anothers_state_make_progress(monkeypatch):
    async def work():
        await comes_back(monkeypatch, restored=[(b"key", b"value")])
        waits, reads = a_part(Echo(), topics=("waits",)), remembering(topics=("reads",))
        waits.progress_s["waits"] = 0.0
        await worked_off(a_runner([waits, reads], WriterThatRemembers()), [])
        return waits.progress_s["waits"]

    assert asyncio.run(work()) > 0.0


def test_a_topic_waits_by_itself():
    part = a_part(Echo())
    part._next_offset = {"in": 0, "other": 0}
    part.submit(a_batch([0]))
    assert [part.waits("in"), part.waits("other")] == [True, False]
    _, records = part.take()
    part.submit(a_batch([1, 2], "other"))
    assert [part.waits("in"), part.waits("other")] == [True, True]
    part.leave(records)
    part.committed("in", 0)
    assert part.waits("in")
    part.take()
    part.committed("in", 1)
    assert [part.waits("in"), part.waits("other")] == [False, True]


def test_a_source_with_much_waiting_is_not_fetched_until_half_of_it_is_gone(monkeypatch):
    monkeypatch.setattr(partition_stage, "_MOST_WAITING_BYTES", 4 * 612)
    monkeypatch.setattr(partition_stage, "MOST_TOGETHER", 1)
    said, source = [], TP("in", 0)
    part = a_part(Echo(), said=said)
    part._next_offset = {"in": 0, "other": 0}
    for at in range(5):
        part.submit(MicroBatch(source, 1, a_batch([at]).records, held_bytes=100))
    part.submit(MicroBatch(TP("other", 0), 1, a_batch([0], "other").records, held_bytes=100))
    for taken in range(3):
        assert said == [("hold", source)], taken
        part.take()
    assert said == [("hold", source), ("release", source)]


def test_a_partition_that_is_let_go_holds_up_no_source(monkeypatch):
    monkeypatch.setattr(partition_stage, "_MOST_WAITING_BYTES", 100)
    said = []
    part = a_part(Echo(), said=said)
    part.submit(a_batch([0]))
    part.close()
    assert said == [("hold", TP("in", 0)), ("release", TP("in", 0))]

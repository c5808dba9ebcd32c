"""One transaction: what is written where, and whether the group's offsets move."""

import asyncio

import pytest
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from stream.pipelines.effects import Outgoing
from stream.transport.cluster import Cluster
from stream.transport.topics import Topics
from stream.transport.transactions import Changes, TransactionalWriter


class Batch:
    """Takes so many records."""

    def __init__(self, most):
        self.most, self.rows = most, []

    def append(self, *, timestamp, key, value, headers):
        del timestamp, headers
        if len(self.rows) == self.most:
            return None
        self.rows.append((key, value))
        return len(self.rows)


class Producer:
    """Notes what it is asked for, in order."""

    def __init__(self, most=1_000):
        self.most, self.asked = most, []

    async def begin_transaction(self):
        self.asked.append("begin")

    async def partitions_for(self, _topic):
        return {0, 1}

    def create_batch(self):
        return Batch(self.most)

    async def send_batch(self, batch, topic, partition):
        self.asked.append((topic, partition, batch.rows))
        sent = asyncio.get_running_loop().create_future()
        sent.set_result(None)
        return sent

    async def send_offsets_to_transaction(self, offsets, group):
        self.asked.append((offsets, group))

    async def commit_transaction(self):
        self.asked.append("commit")


def committed(outgoing, changes, offsets, producer=None):
    """Return what a writer asked its producer for between begin and commit."""
    producer = producer or Producer()

    async def work():
        writer = TransactionalWriter(Cluster.plain("127.0.0.1:1"), "id", "group", Topics("p-"))
        writer._producer = producer
        await writer.commit(outgoing, changes, offsets)

    asyncio.run(work())
    begin, *asked, commit = producer.asked
    assert (begin, commit) == ("begin", "commit")
    return asked


def test_outputs_and_changes_of_several_states_go_where_they_belong_and_the_offsets_last():
    outgoing = [Outgoing("out", b"k", b"1", partition=1), Outgoing("out", b"k", b"2", partition=1)]
    changes = [Changes("one-state", 0, [(b"a", b"1")]), Changes("other-state", 0, [(b"b", None)])]
    source = TopicPartition("p-in", 0)
    assert committed(outgoing, changes, {source: 7}) == [
        ("p-out", 1, [(b"k", b"1"), (b"k", b"2")]),
        ("p-one-state", 0, [(b"a", b"1")]),
        ("p-other-state", 0, [(b"b", None)]),
        ({source: OffsetAndMetadata(7, "")}, "group"),
    ]


def test_a_state_that_did_not_change_is_no_part_of_the_transaction():
    assert committed([], [Changes("state", 0, [])], {TopicPartition("p-in", 0): 7})[:-1] == []


def test_where_changelogs_tell_how_far_it_is_the_group_is_not_told():
    changes = [Changes("state", 0, [(b"next", b"7")])]
    assert committed([], changes, {}) == [("p-state", 0, [(b"next", b"7")])]


@pytest.mark.parametrize("most", [1, 2])
def test_what_a_batch_does_not_hold_goes_into_the_next(most):
    rows = [(b"%d" % at, b"v") for at in range(4)]
    asked = committed([], [Changes("state", 0, rows)], {}, Producer(most))
    assert [len(sent) for *_, sent in asked] == [most] * (4 // most)
    assert [row for *_, sent in asked for row in sent] == rows

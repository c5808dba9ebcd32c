import numpy as np
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from stream.placement import partition_of, partitions_of
from stream.transport.assignor import owners_of


@given(st.lists(st.binary(max_size=60), max_size=40), st.integers(1, 24))
def test_a_key_goes_where_kafkas_own_partitioner_sends_it(keys, partitions):
    every = list(range(partitions))
    theirs = [DefaultPartitioner()(key, every, every) for key in keys]
    assert partitions_of(keys, partitions).tolist() == theirs
    assert [partition_of(key, partitions) for key in keys] == theirs


@given(st.integers(1, 64), st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=9))
def test_every_partition_has_one_owner_and_no_owner_more_than_its_share(partitions, members):
    owners = owners_of(partitions, sorted(members))
    counts = np.unique(owners, return_counts=True)[1]
    assert len(owners) == partitions
    assert counts.max() <= -(-partitions // len(members))


def test_a_worker_that_joins_moves_few_partitions():
    before = owners_of(60, ["a", "b", "c"])
    after = owners_of(60, ["a", "b", "c", "d"])
    assert sum(x != y for x, y in zip(before, after, strict=True)) <= 30

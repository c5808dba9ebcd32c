"""What a partition remembers of the ids it saw, through batches and restarts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.errors import ForeshotError
from stream.features.recent_ids import BLOCK, BLOCKS, RecentIds
from stream.features.text_hash import hash_texts

SMALL = (4, 4)
ids = st.lists(st.integers(0, 40), max_size=120)
cuts = st.lists(st.integers(1, 30), max_size=12)


def take(recent, numbers, owner="card-1"):
    return recent.take(hash_texts([owner] * len(numbers)), hash_texts([str(one) for one in numbers])).tolist()


def in_parts(numbers, sizes):
    start = 0
    for size in [*sizes, len(numbers)]:
        if part := numbers[start : start + size]:
            yield part
        start += size


def slow_repeats(numbers, blocks, block):
    """Tell repeats with a list, forgetting the oldest block whenever the ring comes round to it."""
    remembered, taken, found = [], 0, []
    for one in numbers:
        found.append(one in remembered)
        if not found[-1]:
            if taken >= blocks * block and taken % block == 0:
                del remembered[:block]
            remembered.append(one)
            taken += 1
    return found


@given(ids)
def test_repeats_are_those_a_slow_list_finds(numbers):
    assert take(RecentIds(*SMALL), numbers) == slow_repeats(numbers, *SMALL)


@given(ids, cuts)
def test_batch_cuts_change_nothing(numbers, sizes):
    whole, cut = RecentIds(*SMALL), RecentIds(*SMALL)
    expected = take(whole, numbers)
    assert [one for part in in_parts(numbers, sizes) for one in take(cut, part)] == expected
    assert cut.drain_changes() == whole.drain_changes()


@given(ids, cuts, ids)
def test_a_memory_restored_from_a_compacted_changelog_goes_on_the_same(numbers, sizes, later):
    first, changelog = RecentIds(*SMALL), []
    for part in in_parts(numbers, sizes):
        take(first, part)
        changelog += first.drain_changes()
    compacted = {key: at for at, (key, _) in enumerate(changelog)}
    for kept in (changelog, [changelog[at] for at in sorted(compacted.values())]):
        second = RecentIds(*SMALL)
        for record in kept:
            second.restore([record])
        again = RecentIds(*SMALL)
        again.restore(kept)
        found = take(second, later)
        assert found == take(again, later)
        assert second.drain_changes() == again.drain_changes()
    assert found == take(first, later)


@given(ids, ids)
def test_what_is_drained_after_a_restart_is_what_would_have_been_without_it(numbers, later):
    first, second = RecentIds(*SMALL), RecentIds(*SMALL)
    take(first, numbers)
    second.restore(first.drain_changes())
    take(first, later)
    take(second, later)
    assert second.drain_changes() == first.drain_changes()


def test_nothing_new_drains_nothing():
    recent = RecentIds()
    assert recent.drain_changes() == []
    take(recent, [1, 2])
    assert len(recent.drain_changes()) == 1
    take(recent, [1, 2])
    assert recent.drain_changes() == []


def test_the_changelog_has_at_most_one_key_for_every_block():
    recent, keys = RecentIds(*SMALL), set()
    for start in range(0, 400, 7):
        take(recent, range(start, start + 7))
        keys |= {key for key, _ in recent.drain_changes()}
    assert len(keys) == 4


def test_a_million_ids_are_remembered_and_no_new_one_is_taken_for_a_repeat():
    recent = RecentIds()
    most = BLOCK * BLOCKS
    chance = np.random.default_rng(0)
    hashes = chance.integers(1, 2**63, most + most // 2, dtype=np.uint64)
    owners = hash_texts(["card-1"]).repeat(8_192)
    for start in range(0, len(hashes), 8_192):
        assert not recent.take(owners, hashes[start : start + 8_192]).any()
    newest = hashes[-(most - BLOCK) :]
    assert recent.take(owners[:1].repeat(len(newest)), newest).all()
    assert not recent.take(owners, hashes[:8_192]).any()
    assert recent.size_bytes() == 24 * most


def test_the_same_id_of_another_subject_is_no_repeat():
    recent = RecentIds()
    assert take(recent, [1], "card-1") == [False]
    assert take(recent, [1], "card-2") == [False]
    assert take(recent, [1], "card-1") == [True]


@pytest.mark.parametrize("value", [None, b"", b"\0" * 8, b"\0" * 17, b"\0" * 8 * (BLOCK + 2)])
def test_a_block_of_another_version_is_refused(value):
    with pytest.raises(ForeshotError, match="written by another version"):
        RecentIds().restore([(b"\0ids\0\0\0\0\0", value)])

"""The table of entities: rows, eviction, changelog."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.errors import ForeshotError
from stream.features.entity_state import EntityTable

ROW = np.dtype([("count", "<f8"), ("last", "<u4", (2,))])
key_lists = st.lists(st.integers(0, 9).map(lambda number: b"key-%d" % number), max_size=60)


def count(table, keys):
    """Count keys into a table the way a kernel does, one at a time."""
    rows, fresh = table.rows(keys)
    for row, new in zip(rows, fresh, strict=True):
        if new:
            table.data[row] = 0
        table.data["count"][row] += 1
    table.touch(rows)


def contents(table):
    return {key: table.get(key).tobytes() for key in [b"key-%d" % number for number in range(10)] if table.get(key)}


def cut_in(keys, sizes):
    start = 0
    for size in [*sizes, len(keys)]:
        yield keys[start : start + size]
        start += size


@given(key_lists, st.lists(st.integers(1, 9), max_size=12), st.integers(1, 11))
def test_evictions_do_not_depend_on_batch_cuts(keys, sizes, most):
    whole, cut = EntityTable(ROW, most), EntityTable(ROW, most)
    count(whole, keys)
    for part in cut_in(keys, sizes):
        count(cut, part)
    assert contents(whole) == contents(cut)
    assert len(whole) == min(len(set(keys)), most)


@given(key_lists, st.lists(st.integers(1, 9), max_size=12), st.integers(1, 11))
def test_the_changelog_restores_what_was_there_and_its_order_of_eviction(keys, sizes, most):
    table, changelog = EntityTable(ROW, most), []
    for part in cut_in(keys, sizes):
        count(table, part)
        changelog += table.drain_changes()
    restored = EntityTable(ROW, most)
    assert restored.restore(changelog) == len(changelog)
    assert contents(restored) == contents(table)
    for one in (table, restored):
        count(one, [b"key-0", b"new-1", b"new-2", b"key-1"])
    assert contents(restored) == contents(table)


def test_the_least_recently_used_is_dropped_and_drained_as_deleted():
    table = EntityTable(ROW, 2)
    count(table, [b"a", b"b", b"a"])
    table.drain_changes()
    count(table, [b"c"])
    assert dict(table.drain_changes()) == {b"b": None, b"c": table.get(b"c").tobytes()}
    assert table.get(b"b") is None


def test_an_evicted_entity_that_comes_back_starts_anew():
    table = EntityTable(ROW, 1)
    count(table, [b"a", b"a", b"b", b"a"])
    assert table.get(b"a")["count"] == 1
    assert dict(table.drain_changes()) == {b"b": None, b"a": table.get(b"a").tobytes()}


def test_an_entity_that_came_back_is_not_deleted_first():
    table = EntityTable(ROW, 1)
    count(table, [b"a", b"b", b"a"])
    assert [key for key, _ in table.drain_changes()] == [b"b", b"a"]


def test_a_drain_empties_what_is_to_drain():
    table = EntityTable(ROW, 4)
    count(table, [b"a"])
    assert len(table.drain_changes()) == 1
    assert table.drain_changes() == []


def test_restored_rows_are_not_drained_again():
    table = EntityTable(ROW, 4)
    table.restore([(b"a", np.zeros(1, ROW).tobytes())])
    assert table.drain_changes() == []


def test_it_grows_beyond_its_first_capacity():
    table = EntityTable(ROW, 5_000)
    count(table, [b"%d" % number for number in range(3_000)])
    assert len(table) == 3_000
    assert table.get(b"2999")["count"] == 1
    assert table.size_bytes() >= 3_000 * ROW.itemsize


def test_rows_of_another_version_are_refused():
    with pytest.raises(ForeshotError, match="another version"):
        EntityTable(ROW, 4).restore([(b"a", b"short")])


def test_a_table_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        EntityTable(ROW, 0)

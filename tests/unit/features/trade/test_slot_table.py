"""The bounded table that kernels fill by themselves."""

import numpy as np
import pytest

from stream.errors import ForeshotError
from stream.features.trade.slot_table import SlotTable, look, take

ROW = np.dtype([("key", "<u8"), ("used", "<u8"), ("value_or_nan", "<f8"), ("count", "<f8")])


def a_table(most=8):
    return SlotTable(b"t", ROW, most)


def taken(table, *keys):
    return [take(table.slots, np.uint64(key), np.uint64(tick)) for tick, key in enumerate(keys, 1)]


def test_a_new_row_is_blank_and_what_is_not_known_is_nan():
    table = a_table()
    slot = taken(table, 5)[0]
    assert np.isnan(table.slots.data[slot]["value_or_nan"])
    assert table.slots.data[slot]["count"] == 0.0


def test_the_least_recently_used_of_a_set_makes_room():
    table = a_table()
    taken(table, *range(1, 9), 1, 9)
    kept = {key for key in range(1, 10) if look(table.slots, np.uint64(key)) >= 0}
    assert kept == {1, 3, 4, 5, 6, 7, 8, 9}
    assert len(table) == 8


def test_looking_keeps_nothing_from_being_dropped():
    table = a_table()
    taken(table, *range(1, 9))
    look(table.slots, np.uint64(1))
    take(table.slots, np.uint64(9), np.uint64(10))
    assert look(table.slots, np.uint64(1)) == -1


def test_only_what_changed_is_drained():
    table = a_table(64)
    taken(table, 3, 4)
    assert len(table.drain_changes()) == 2
    taken(table, 4)
    assert [int(np.frombuffer(value, ROW)["key"][0]) for _, value in table.drain_changes()] == [4]


def test_a_row_of_another_version_or_size_is_refused():
    table = a_table(64)
    taken(table, 9)
    records = table.drain_changes()
    with pytest.raises(ForeshotError, match="another size"):
        SlotTable(b"t", ROW, 8).restore([(b"t" + (60).to_bytes(4, "big"), records[0][1])])
    with pytest.raises(ForeshotError, match="another version"):
        a_table(64).restore([(records[0][0], b"short")])
    with pytest.raises(ForeshotError, match="another size"):
        a_table(128).restore([(records[0][0][:-1] + b"\0", records[0][1])])


@pytest.mark.parametrize("most", [0, 4, 12])
def test_a_table_holds_a_power_of_two_of_rows(most):
    with pytest.raises(ValueError, match="power of two"):
        a_table(most)

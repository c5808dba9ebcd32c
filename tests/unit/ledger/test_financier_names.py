"""Names of financiers, as many as there may really be."""

import pytest

from stream.ledger import financier_names
from stream.ledger.financier_names import FinancierNames


@pytest.fixture(autouse=True)
def _three(monkeypatch):
    monkeypatch.setattr(financier_names, "MOST_NAMES", 3)


def test_beyond_the_bound_no_name_is_learnt_and_those_known_stay():
    names = FinancierNames()
    for at in range(5):
        names.learn(at, f"F{at}")
        names.learn(0, "F0")
    assert names.by_hash == {0: "F0", 1: "F1", 2: "F2"}
    assert [value for _, value in names.drain_changes()] == [b"F0", b"F1", b"F2"]
    assert names.drain_changes() == []


def test_names_beyond_the_bound_in_a_changelog_are_deleted_there():
    names = FinancierNames()
    log = [(at.to_bytes(8, "big"), b"F%d" % at) for at in range(5)]
    assert names.restore(log + log[:3]) == 8
    assert list(names.by_hash) == [0, 1, 2]
    assert names.drain_changes() == [(key, None) for key, _ in log[3:]]


def test_a_name_that_was_deleted_does_not_come_back():
    names = FinancierNames()
    names.restore([(bytes(8), b"F0"), (bytes(8), None)])
    assert names.by_hash == {}
    assert names.drain_changes() == []

"""Which documents a full ledger forgets."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.ledger.expiry import least_places

FEW = st.integers(0, 3)
ROWS = st.lists(st.tuples(FEW, FEW, st.integers(0, 2**64 - 1) | FEW), min_size=1, max_size=60)


@given(rows=ROWS, data=st.data())
def test_they_are_those_that_sorting_all_puts_first(rows, data):
    count = data.draw(st.integers(0, len(rows)))
    columns = [np.array(column, np.uint64) for column in zip(*rows, strict=True)]
    found = least_places(columns, count).tolist()
    assert len(set(found)) == count
    assert sorted(rows[at] for at in found) == sorted(rows)[:count]


class Counted(np.ndarray):
    """Says how many of its values were looked at."""

    looked_at = 0

    def __getitem__(self, places):
        Counted.looked_at += len(places)
        return np.asarray(self)[places]


def test_keys_are_looked_at_only_where_days_are_equal():
    chance = np.random.default_rng(1)
    days, keys = chance.integers(0, 1_000, 64_000), chance.permutation(64_000).view(Counted)
    least_places([days, keys], 1_000)
    assert 0 < Counted.looked_at < 200

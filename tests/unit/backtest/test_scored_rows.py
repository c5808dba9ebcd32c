from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.backtest.scored_rows import scored_rows
from stream.features.recent_ids import RecentIds
from stream.features.subject import SubjectState, profile
from tests.builders.event_batches import Payment, a_batch

WINDOW = 40
STREAMS = st.lists(st.tuples(st.sampled_from(["c1", "c2"]), st.integers(0, 22)), max_size=120)


@dataclass(frozen=True)
class Scored:
    line: str
    subject: str
    event_id: str


def fresh_rows(batch):
    state = SubjectState()
    state.recent_ids = RecentIds(blocks=2, block=8)
    return np.flatnonzero(~profile(state, batch)[1])


def scored_of(batch, rows):
    return [Scored(batch.line[row], batch.subject[row], batch.event_id[row]) for row in rows.tolist()]


@given(STREAMS)
def test_every_scored_event_is_given_its_own_row_where_ids_come_again(stream):
    batch = a_batch([Payment(at, event_id=f"e{one}", subject=card) for at, (card, one) in enumerate(stream)])
    rows = fresh_rows(batch)
    assert scored_rows(batch, scored_of(batch, rows)).tolist() == rows.tolist()


def test_an_id_that_comes_again_beyond_the_window_has_both_its_rows():
    ids = ["again", "again", *(f"e{at}" for at in range(WINDOW)), "again"]
    batch = a_batch([Payment(at, event_id=one) for at, one in enumerate(ids)])
    rows = fresh_rows(batch)
    assert rows.tolist() == [0, *range(2, WINDOW + 3)]
    assert scored_rows(batch, scored_of(batch, rows)).tolist() == rows.tolist()

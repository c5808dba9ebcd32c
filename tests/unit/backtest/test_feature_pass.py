"""Features of history: nothing in them is known too early."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stream.backtest.feature_pass import features_of
from stream.events.history import read_history
from tests.builders.events import a_line

DAYS = 40


@pytest.fixture
def dated_by_day(tmp_path):
    """Two payments a day at one shop, dated by the day alone, labels known without delay."""
    count = 2 * DAYS
    columns = {
        "id": [f"e{at}" for at in range(count)],
        "time": pa.array([dt.date(2023, 1, 1) + dt.timedelta(days=at // 2) for at in range(count)]),
        "card": [f"c{at % 5}" for at in range(count)],
        "shop": ["s1"] * count,
        "amount": [10.0] * count,
        "fraud": np.zeros(count, np.int64),
    }
    path = tmp_path / "h.parquet"
    pq.write_table(pa.table(columns), path)
    line = a_line(label_delay="0s", history={"label": "fraud"})
    return read_history(path, {line.name: line})


def features(history, label):
    return features_of(replace(history, label=label), lambda _: None)[0]


def test_no_feature_of_an_event_depends_on_its_own_label(dated_by_day):
    genuine = features(dated_by_day, dated_by_day.label)
    for row in (0, 1, 40, 41):
        label = dated_by_day.label.copy()
        label[row] = 1
        changed = np.flatnonzero((features(dated_by_day, label) != genuine).any(axis=1))
        assert len(changed)
        assert (dated_by_day.batch.occurred_at_s[changed] > dated_by_day.batch.occurred_at_s[row]).all()

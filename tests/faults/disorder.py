"""Events up to two days late, some sent twice, clocks off by an hour, and a day without any."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stream.events.history import read_history, select_rows
from stream.simulation.cards import START_S, simulate_cards, write_parquet
from tests.builders.small_world import PROFILES
from tests.faults.fault import Fault

_DAY_S = 86_400.0
_HOUR_US = 3_600_000_000
_LATE_SHARE = 0.05
_MOST_LATE_S = 2 * _DAY_S
_WRONG_CLOCKS = 0.03
_DAYS = 40
_SILENT_DAY = 20


class Disorder(Fault):
    """One strike sends all of it, as fast as Kafka takes it, in the order of arrival."""

    name = "disorder"
    repeats = 1
    per_round = 1
    events = 1_000_000
    events_per_s = 12_500
    labelled = 0.01
    workers = {"s0": "score", "s1": "score", "l0": "learn"}  # noqa: RUF012 - as in Fault
    settings = {}  # noqa: RUF012 - as in Fault

    def history(self, world):
        file = world.folder / "world" / f"disorder-{self.events}.parquet"
        chance = np.random.default_rng(self.events)
        if not file.exists():
            write_parquet(_with_wrong_clocks(_with_a_silent_day(_simulated(self.events)), chance), file)
        history = read_history(file, world.lines)
        arrival_s = history.batch.occurred_at_s + chance.uniform(0, 30, len(history.batch))
        late = chance.random(len(arrival_s)) < _LATE_SHARE
        arrival_s[late] += chance.uniform(0, _MOST_LATE_S, late.sum())
        return select_rows(history, np.argsort(arrival_s, kind="stable"))

    def strike(self, site, _chance):
        site.wait_until(lambda: site.load.finished, 1_800, "all of it sent")
        return {"events": site.load.sent, "sent twice": site.load.repeats_sent}


def _simulated(events):
    usual = sum(one.events_per_day for one in PROFILES) * (_DAYS - 1)
    factor = events / usual
    busy = [
        replace(one, subjects=int(one.subjects * factor**0.5) + 1, events_per_day=one.events_per_day * factor)
        for one in PROFILES
    ]
    return simulate_cards(busy, _DAYS, 7)


def _with_a_silent_day(table):
    day = (pc.cast(table["time"], pa.int64()).to_numpy() / 1e6 - START_S) // _DAY_S
    return table.filter(pa.array(day != _SILENT_DAY))


def _with_wrong_clocks(table, chance):
    cards = table["card"].to_numpy(zero_copy_only=False)
    names, of_row = np.unique(cards, return_inverse=True)
    drawn = chance.random(len(names))
    off = np.where(drawn < _WRONG_CLOCKS, 1, np.where(drawn < 2 * _WRONG_CLOCKS, -1, 0)) * _HOUR_US
    told = pc.cast(table["time"], pa.int64()).to_numpy() + off[of_row]
    return table.set_column(
        table.schema.get_field_index("time"), "time", pa.array(told).cast(pa.timestamp("us", "UTC"))
    )

"""The demo's history: payments and documents of its lines in one table, as a user's warehouse could hold them."""

from pathlib import Path

import pyarrow as pa

from stream.simulation.cards import START_S, simulate_cards, write_parquet
from stream.simulation.demo_world import (
    LIVE_LINES,
    LIVE_TRADE_LINES,
    TRADE_LIVE_DAYS,
    TRADE_TRAINING_DAYS,
    TRADE_TRAINING_LINES,
    TRAINING_LINES,
)
from stream.simulation.supply_chain.simulate import Simulated, simulate_supply_chain
from stream.simulation.supply_chain.world_files import events_table

DAY_S = 86_400.0
_LABELS_DAYS = 62
"""Until the last of a year's documents has a label that is known: their delay, and the grid of releases."""
_DOCUMENTS_START_S = START_S - TRADE_LIVE_DAYS * DAY_S


def write_training(path: Path, days: int, seed: int) -> None:
    """Write so many days of the known lines' payments, and a year of their documents, known before others go live.

    Args:
        path: The file.
        days: Of payments.
        seed: Of all chance.
    """
    cards = simulate_cards(TRAINING_LINES, days, seed)
    start_s = _DOCUMENTS_START_S - (TRADE_TRAINING_DAYS + _LABELS_DAYS) * DAY_S
    write_parquet(
        _both(cards, simulate_supply_chain(TRADE_TRAINING_LINES, TRADE_TRAINING_DAYS, seed, start_s, told=True)), path
    )


def write_live(path: Path, days: int, seed: int, start_s: float) -> Simulated:
    """Write the payments of some days and the documents of the time before all payments, and return the documents."""
    cards = simulate_cards(LIVE_LINES, days, seed, start_s)
    simulated = simulate_supply_chain(LIVE_TRADE_LINES, TRADE_LIVE_DAYS, seed, _DOCUMENTS_START_S, told=True)
    write_parquet(_both(cards, simulated), path)
    return simulated


def _both(cards: pa.Table, simulated: Simulated) -> pa.Table:
    return pa.concat_tables(
        [cards, events_table(simulated).select(["line", "document", "fraud"])], promote_options="default"
    )

"""The tests' small economy: two lines of documents, and an initialisation trained on them."""

from dataclasses import replace
from pathlib import Path

from stream.backtest.feature_pass import features_of
from stream.backtest.train import training_data
from stream.events.history import read_history
from stream.events.line_file import load_lines
from stream.simulation.supply_chain.simulate import simulate_supply_chain
from stream.simulation.supply_chain.world_files import EVENTS_TABLE, write_events
from tests.builders.economy import a_mixed_line
from tests.builders.small_world import train_small

LINES = Path(__file__).parents[1] / "lines" / "supply_chain" / "documents.yaml"


def small_trade(folder, days, seed, deals_per_year=200):
    """Return history of documents that was written to a folder."""
    kinds = ("factoring", "warehouse_receipts")
    lines = [replace(a_mixed_line(kind), deals_per_year=deals_per_year) for kind in kinds]
    write_events(simulate_supply_chain(lines, days, seed), folder)
    return read_history(folder / EVENTS_TABLE, load_lines([LINES]))


def train_small_trade(folder):
    """Return the file of an initialisation trained on documents in seconds."""
    history = small_trade(folder, 120, 6)
    features, fresh = features_of(history, lambda _: None)
    data = training_data(history, features, fresh, float("inf"))
    return train_small(data, folder / "init.safetensors", pooled_steps=20, meta_steps=5)

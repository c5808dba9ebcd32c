"""The tests' small world: two lines of simulated payments, and initialisations trained on them."""

from dataclasses import replace
from pathlib import Path

from stream.backtest.feature_pass import features_of
from stream.backtest.train import train_initialisation, training_data
from stream.events.history import read_history
from stream.simulation.cards import simulate_cards, write_parquet
from stream.simulation.line_profile import LineProfile

LINES = Path(__file__).parents[1] / "lines" / "small.yaml"
PROFILES = (
    LineProfile(
        "small-a", "EUR", "FR", 46.6, 2.4, subjects=150, merchants=40, events_per_day=220.0, fraud_share=0.05,
        families={"leaked_card": 0.6, "device_takeover": 0.4},
    ),
    LineProfile(
        "small-b", "USD", "US", 39.0, -98.0, subjects=100, merchants=30, events_per_day=120.0, fraud_share=0.05,
        families={"night_burst": 1.0},
    ),
)  # fmt: skip


def small_training_data(folder, lines):
    path = folder / "training.parquet"
    write_parquet(simulate_cards(PROFILES, 20, 6), path)
    history = read_history(path, lines)
    features, fresh = features_of(history, lambda _: None)
    return training_data(history, features, fresh, float("inf"))


def train_small(data, path, **changed):
    """Train a small initialisation in seconds; `changed` makes it another one."""
    from metalearn.training import TrainingPlan  # noqa: PLC0415 - torch is slow to import

    small = {"widths": (16, 16), "bins": 8, "pooled_steps": 60, "meta_steps": 20, "meta_tasks": 4}
    plan = replace(TrainingPlan(), **small | changed)
    train_initialisation(data, plan, "", lambda *_: None, None).save(path)
    return path

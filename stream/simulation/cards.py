"""Simulated card payments of several lines, as a table that a payment system could have written."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from stream.simulation.fraud_families import FAMILIES, Scene
from stream.simulation.line_profile import LineProfile
from stream.simulation.payments import Payments, join, select
from stream.simulation.population import draw_population, honest_payments

START_S = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
_DAY_S = 86_400.0
_MIX = 2_654_435_761  # Knuth's multiplicative hash, coprime to 2**32: no two devices share a name
FAMILY_NAMES = tuple(FAMILIES)


def simulate_cards(profiles: Sequence[LineProfile], days: int, seed: int, start_s: float = START_S) -> pa.Table:
    """Return the payments of all lines in event-time order.

    Args:
        profiles: The lines.
        days: How long.
        seed: Of all chance.
        start_s: Time of the first day, epoch seconds.

    Returns:
        Columns id, product, card, merchant, amount, currency, time, country, latitude,
        longitude, device, fraud (1 or 0) and family (empty for honest payments).
    """
    tables = []
    for at, profile in enumerate(profiles):
        generator = np.random.default_rng([seed, at])
        payments = simulate_line(profile, days, generator)
        tables.append(_table(profile, payments, start_s, generator))
    return pa.concat_tables(tables).sort_by([("time", "ascending"), ("id", "ascending")])


def simulate_line(profile: LineProfile, days: int, generator: np.random.Generator) -> Payments:
    """Return one line's payments in order of time."""
    people = draw_population(profile, days, generator)
    honest = honest_payments(profile, people, days, generator)
    scene = Scene(profile, people, days, generator)
    wanted = profile.fraud_share * len(honest)
    parts = [honest]
    for name, share in profile.families.items():
        frauds = FAMILIES[name](scene, round(share * wanted))
        parts.append(Payments(*(*_columns(frauds)[:-1], np.full(len(frauds), FAMILY_NAMES.index(name)))))
    parts += [_as_honest(FAMILIES[name](scene, round(share * len(honest)))) for name, share in profile.decoys.items()]
    whole = join(parts)
    within = np.flatnonzero((whole.day >= 0) & (whole.day < days))
    return select(whole, within[np.argsort(whole.day[within], kind="stable")])


def _as_honest(payments: Payments) -> Payments:
    return replace(payments, fraud=np.zeros(len(payments), np.bool_), family=np.full(len(payments), -1))


def _columns(payments: Payments) -> list[np.ndarray]:
    return [getattr(payments, name) for name in Payments.__slots__]


def _table(profile: LineProfile, payments: Payments, start_s: float, generator: np.random.Generator) -> pa.Table:
    count = len(payments)
    drawn = generator.integers(2**62, size=count)
    names = np.array(["", *FAMILY_NAMES])
    return pa.table(
        {
            "id": [f"{one:016x}" for one in drawn.tolist()],
            "product": pa.array([profile.name] * count),
            "card": [f"{profile.country}-{one:06d}" for one in payments.card.tolist()],
            "merchant": [f"M{one:05d}" for one in payments.merchant.tolist()],
            "amount": payments.amount,
            "currency": pa.array([profile.currency] * count),
            "time": pa.array(((start_s + payments.day * _DAY_S) * 1e6).astype(np.int64), pa.timestamp("us", "UTC")),
            "country": pa.array([profile.country] * count),
            "latitude": np.round(payments.latitude, 4),
            "longitude": np.round((payments.longitude + 180) % 360 - 180, 4),
            "device": device_names(payments.device),
            "fraud": payments.fraud.astype(np.int8),
            "family": names[payments.family + 1],
        }
    )


def device_names(numbers: npt.NDArray[np.int64]) -> list[str]:
    """Return devices' names, in whose order nothing of their numbers is left."""
    return [f"D{one:08x}" for one in ((numbers.astype(np.uint64) * np.uint64(_MIX)) & np.uint64(0xFFFFFFFF)).tolist()]


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a simulated history where `foreshot` commands can read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)

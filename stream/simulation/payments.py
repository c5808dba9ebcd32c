"""Payments as columns, honest and not, before they are put in order."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Payments:
    """Payments of one line, one entry each.

    Attributes:
        card: Subject's number.
        merchant: Counterparty's number.
        day: Time in days since the start.
        amount: Major units, two decimals.
        latitude: Degrees.
        longitude: Degrees.
        device: Number of the instrument; a card's own is its own number.
        fraud: Whether it is fraud.
        family: Number of the family of fraud, -1 for honest payments.
    """

    card: Ints
    merchant: Ints
    day: Floats
    amount: Floats
    latitude: Floats
    longitude: Floats
    device: Ints
    fraud: npt.NDArray[np.bool_]
    family: Ints

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.card)


def join(parts: list[Payments]) -> Payments:
    """Return all payments of several parts."""
    return Payments(*(np.concatenate([getattr(part, name) for part in parts]) for name in Payments.__slots__))


def select(payments: Payments, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Payments:
    """Return some payments, in the order of `rows`."""
    return Payments(*(getattr(payments, name)[rows] for name in Payments.__slots__))

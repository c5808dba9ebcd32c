"""Firms of the made economy, and how they appear on documents."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from stream.simulation.supply_chain.firm_name import draw_name
from stream.simulation.supply_chain.place import PLACES, Place

_ROUNDS_SHARE = 0.15


@dataclass(frozen=True, eq=False)
class Firm:
    """A party to documents, with its habits.

    Attributes:
        id: In whose order nothing is left of who the firm is.
        names: Its name and other spellings.
        place: Where it lives.
        accounts: The one it uses mostly, another, and one with a bank of any country.
        hour: When its office writes documents, UTC.
        rounds: Whether it rounds its amounts by habit.
        lateness_days: How late it pays on average.
        numbering: Style of its document numbers.
        since_day: When it enters the economy, days since the start.
    """

    id: str
    names: tuple[str, ...]
    place: Place
    accounts: tuple[str, ...]
    hour: float
    rounds: bool
    lateness_days: float
    numbering: int
    since_day: float = -1_000.0
    _parties: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict, repr=False)

    def party(self, spelling: int = 0, account: int = 0) -> dict[str, Any]:
        """Return the firm as a document names it; account -1 leaves the account out."""
        found = self._parties.get((spelling, account))
        if found is None:
            found = {"id": self.id, "name": self.names[spelling], "country": self.place.country}
            if account >= 0:
                found["account"] = self.accounts[account]
            self._parties[spelling, account] = found
        return found

    @cached_property
    def port(self) -> str:
        """Where its goods are loaded or discharged."""
        return self.place.ports[int(self.id[-1], 16) % len(self.place.ports)]


def draw_firm(place: Place, generator: np.random.Generator, since_day: float = -1_000.0) -> Firm:
    """Return a firm of a place."""
    abroad = PLACES[int(generator.integers(len(PLACES)))].country
    return Firm(
        id=f"{generator.integers(2**40):010x}",
        names=draw_name(place, generator),
        place=place,
        accounts=tuple(
            f"{country}{generator.integers(10**14):014d}" for country in (place.country, place.country, abroad)
        ),
        hour=place.opens_utc_h + generator.normal(0, 1.2),
        rounds=bool(generator.random() < _ROUNDS_SHARE),
        lateness_days=float(generator.gamma(1.5, 2.5)),
        numbering=int(generator.integers(10**9)),
        since_day=since_day,
    )

"""How far single fields of documents tell frauds from honest documents of the same type and line."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt

from stream.simulation.supply_chain.audit_fields import raw_fields
from stream.simulation.supply_chain.behaviours import FAMILIES
from stream.simulation.supply_chain.simulate import Simulated

Floats = npt.NDArray[np.float64]

LEAST_LIMIT = 0.06
ERRORS = 4.5
_LEAST_HONEST = 30
_ABSENT = -1.0


@dataclass(frozen=True, slots=True)
class Placed:
    """Where each field puts a document of a fraud among honest ones of its type and line.

    Attributes:
        row: Of the document.
        seller: Line and seller: what a firm always has in its documents counts once.
        places: By field, the share of honest documents below it, ties by half; and the same of
            its distance from the honest ones' middle.
    """

    row: int
    seller: tuple[str, str]
    places: dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Tell:
    """How far one field tells.

    Attributes:
        auc: Of the field or of its distance from the middle, or one minus either: the greatest.
        limit: What it may be: 0.56, or 0.5 and 4.5 standard errors where that is more.
        sellers: How many it was measured on.
    """

    auc: float
    limit: float
    sellers: int


def tells(placed: Sequence[Placed]) -> dict[str, Tell]:
    """Return how far each field tells frauds: the AUC is the mean of their places.

    Some thousand comparisons are made: in one audit of a hundred, one of them lies 4.5 standard
    errors off by chance.
    """
    fields: dict[str, dict[tuple[str, str], list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for one in placed:
        for field, place in one.places.items():
            fields[field][one.seller].append(place)
    return {
        field: _tell(np.array([np.mean(found, axis=0) for found in by_seller.values()]))
        for field, by_seller in sorted(fields.items())
    }


def _tell(found: Floats) -> Tell:
    mean = found.mean(axis=0)
    error = 1 / np.sqrt(12 * len(found))
    return Tell(float(np.maximum(mean, 1 - mean).max()), 0.5 + max(LEAST_LIMIT, ERRORS * float(error)), len(found))


def places_of_frauds(simulated: Simulated) -> list[Placed]:
    """Return where every field puts one document of each type of each fraud, one that shows it where there is one."""
    strata: dict[tuple[str, str], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    taken: set[tuple[str, str, int]] = set()
    for row in _by_chance(simulated):
        document, origin = simulated.documents[row], simulated.origins[row]
        stratum = document["line"], document["type"]
        fraudulent = origin.behaviour in FAMILIES
        if fraudulent and (*stratum, origin.scheme) in taken:
            continue
        taken.add((*stratum, origin.scheme))
        strata[stratum][fraudulent].append(row)
    return [
        placed
        for honest, frauds in strata.values()
        if frauds and len(honest) >= _LEAST_HONEST
        for placed in _placed(simulated, honest, frauds)
    ]


def _by_chance(simulated: Simulated) -> list[int]:
    """Return rows, those that show a fraud first, else in an order that no field has."""
    mixed = [crc32(one["event_id"].encode()) for one in simulated.documents]
    return sorted(range(len(mixed)), key=lambda row: (not simulated.origins[row].is_fraud, mixed[row]))


def _placed(simulated: Simulated, honest: list[int], frauds: list[int]) -> list[Placed]:
    values = [{**raw_fields(simulated.documents[row]), "row": float(row)} for row in [*honest, *frauds]]
    columns: dict[str, list[tuple[float, float]]] = {}
    for name in sorted(set().union(*values)):
        column = np.array([one.get(name, _ABSENT) for one in values])
        known, asked = column[: len(honest)], column[len(honest) :]
        middle = float(np.median(known))
        below, nearer = _share(known, asked), _share(np.abs(known - middle), np.abs(asked - middle))
        columns[name] = list(zip(below.tolist(), nearer.tolist(), strict=True))
    documents = [simulated.documents[row] for row in frauds]
    return [
        Placed(row, (one["line"], one["seller"]["id"]), {name: column[at] for name, column in columns.items()})
        for at, (row, one) in enumerate(zip(frauds, documents, strict=True))
    ]


def _share(known: Floats, asked: Floats) -> Floats:
    ranked = np.sort(known)
    below = np.searchsorted(ranked, asked, "left") + np.searchsorted(ranked, asked, "right")
    return np.asarray(below / (2.0 * len(ranked)), np.float64)

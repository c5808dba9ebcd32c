"""How far single fields of documents tell frauds from honest documents of the same type and line."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stream.simulation.supply_chain.audit_fields import raw_fields
from stream.simulation.supply_chain.behaviours import FAMILIES
from stream.simulation.supply_chain.simulate import Simulated

Floats = npt.NDArray[np.float64]
Places = dict[str, tuple[float, float]]

LEAST_LIMIT = 0.06
ERRORS = 4.0
_LEAST_HONEST = 30
_ABSENT = -1.0


@dataclass(frozen=True, slots=True)
class Tell:
    """How far one field tells.

    Attributes:
        auc: Of the field or of its distance from the middle, or one minus either: the greatest.
        limit: What it may be: 0.56, or 0.5 and four standard errors where that is more.
        frauds: How many it was measured on.
    """

    auc: float
    limit: float
    frauds: int


def tells(places: Sequence[Places]) -> dict[str, Tell]:
    """Return how far each field tells frauds, from where it puts each of them among honest documents.

    The AUC is the mean of these places. Some thousand comparisons are made, of which none
    lies four standard errors off by chance.
    """
    by_field: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for one in places:
        for field, place in one.items():
            by_field[field].append(place)
    return {field: _tell(np.array(found)) for field, found in sorted(by_field.items())}


def _tell(found: Floats) -> Tell:
    mean = found.mean(axis=0)
    error = 1 / np.sqrt(12 * len(found))
    return Tell(float(np.maximum(mean, 1 - mean).max()), 0.5 + max(LEAST_LIMIT, ERRORS * float(error)), len(found))


def places_of_frauds(simulated: Simulated) -> dict[int, Places]:
    """Return, by its row, where each field puts a document of a fraud among honest ones of its type and line.

    Of one fraud, one document of each type is taken, one that shows the fraud where there is
    one: the others are like it. A place is a share of honest documents, ties by half; the
    second is that of the distance from their middle.
    """
    strata: dict[tuple[str, str], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    taken: set[tuple[str, str, int]] = set()
    order = sorted(range(len(simulated.documents)), key=lambda row: not simulated.origins[row].is_fraud)
    for row in order:
        document, origin = simulated.documents[row], simulated.origins[row]
        stratum = document["line"], document["type"]
        fraudulent = origin.behaviour in FAMILIES
        if fraudulent and (*stratum, origin.scheme) in taken:
            continue
        taken.add((*stratum, origin.scheme))
        strata[stratum][fraudulent].append(row)
    found: dict[int, Places] = {}
    for honest, frauds in strata.values():
        if frauds and len(honest) >= _LEAST_HONEST:
            found |= _placed(simulated, honest, frauds)
    return found


def _placed(simulated: Simulated, honest: list[int], frauds: list[int]) -> dict[int, Places]:
    rows = [*honest, *frauds]
    values = [{**raw_fields(simulated.documents[row]), "row": float(row)} for row in rows]
    names = sorted(set().union(*values))
    found: dict[int, Places] = {row: {} for row in frauds}
    for name in names:
        column = np.array([one.get(name, _ABSENT) for one in values])
        known, asked = column[: len(honest)], column[len(honest) :]
        middle = np.median(known)
        by_value, by_distance = _share(known, asked), _share(np.abs(known - middle), np.abs(asked - middle))
        for row, value, distance in zip(frauds, by_value.tolist(), by_distance.tolist(), strict=True):
            found[row][name] = value, distance
    return found


def _share(known: Floats, asked: Floats) -> Floats:
    ranked = np.sort(known)
    below = np.searchsorted(ranked, asked, "left") + np.searchsorted(ranked, asked, "right")
    return np.asarray(below / (2.0 * len(ranked)), np.float64)

"""Builds small simulated economies."""

from stream.simulation.supply_chain.behaviours import DECOYS, FAMILIES
from stream.simulation.supply_chain.line_profile import Kind, SupplyChainLine
from stream.simulation.supply_chain.place import PLACES
from stream.simulation.supply_chain.sector import SECTORS
from stream.simulation.supply_chain.simulate import Simulated, simulate_supply_chain


def a_line(kind: Kind = "factoring", **changed) -> SupplyChainLine:
    """Return a line without frauds and decoys."""
    given = {"name": f"a-{kind}", "sector": SECTORS[2], "place": PLACES[0], "deals_per_year": 500, **changed}
    return SupplyChainLine(kind=kind, **given)


def families_of(kind: Kind) -> list[str]:
    """Return the families that lines of a kind can have."""
    return [name for name, family in FAMILIES.items() if kind in family.kinds]


def decoys_of(kind: Kind) -> list[str]:
    """Return the decoys that lines of a kind can have."""
    return [name for name, decoy in DECOYS.items() if kind in decoy.kinds]


def a_mixed_line(kind: Kind, a_family: int = 6) -> SupplyChainLine:
    """Return a line with all families and decoys of its kind."""
    names = families_of(kind)
    return a_line(
        kind,
        frauds_per_year=a_family * len(names),
        families=dict.fromkeys(names, 1 / len(names)),
        decoys=dict.fromkeys(decoys_of(kind), float(a_family)),
    )


def simulated_family(name: str, frauds: int = 40, seed: int = 3, **changed) -> Simulated:
    """Return a year of a line whose frauds are all of one family, or whose decoys are."""
    if name in FAMILIES:
        line = a_line(FAMILIES[name].kinds[0], frauds_per_year=frauds, families={name: 1.0}, **changed)
    else:
        line = a_line(DECOYS[name].kinds[0], decoys={name: float(frauds)}, **changed)
    return simulate_supply_chain([line], 365, seed)

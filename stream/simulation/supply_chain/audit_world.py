"""Lines on which the leak audit is made: each has all families and decoys that its kind can have."""

from dataclasses import replace

import numpy as np

from stream.simulation.supply_chain.behaviours import DECOYS, FAMILIES
from stream.simulation.supply_chain.fraud_traits import draw_traits
from stream.simulation.supply_chain.line_profile import KINDS, Kind, SupplyChainLine
from stream.simulation.supply_chain.place import PLACES
from stream.simulation.supply_chain.sector import SECTORS

_SCHEMES = 10
_SCHEMES_OF_A_WAREHOUSE = 30  # one kind of line alone has its families
_EVENTS_A_SCHEME = {
    "bust_out": 6, "circular_trade": 3, "above_capacity": 4, "phantom_buyer": 3, "fictitious_invoice": 2,
    "diluted_receivables": 3, "own_money_repayment": 3,
}  # fmt: skip
_DECOYS_A_YEAR = 12.0
_FEW, _FEW_DECOYS = 30, 4.0


def audit_lines(each: int, seed: int = 0) -> list[SupplyChainLine]:
    """Return so many lines of each kind, with about ten frauds a year of each family, thirty in warehouses.

    Args:
        each: Lines of one kind.
        seed: Of their traits.
    """
    generator = np.random.default_rng([seed, 1])
    return [_line(f"audit-{kind}-{at}", kind, generator) for at in range(each) for kind in KINDS]


def natural_lines(seed: int = 0) -> list[SupplyChainLine]:
    """Return one line of each kind with as few frauds as there are in life, of all families that it can have.

    Args:
        seed: Of their traits.
    """
    generator = np.random.default_rng([seed, 2])
    lines = [_line(f"natural-{kind}", kind, generator) for kind in KINDS]
    return [replace(one, frauds_per_year=_FEW, decoys=dict.fromkeys(one.decoys, _FEW_DECOYS)) for one in lines]


def _line(name: str, kind: Kind, generator: np.random.Generator) -> SupplyChainLine:
    events = {one: _EVENTS_A_SCHEME.get(one, 1) for one, family in FAMILIES.items() if kind in family.kinds}
    total = sum(events.values())
    return SupplyChainLine(
        name=name,
        kind=kind,
        sector=SECTORS[generator.integers(len(SECTORS))],
        place=PLACES[generator.integers(len(PLACES))],
        frauds_per_year=total * (_SCHEMES_OF_A_WAREHOUSE if kind == "warehouse_receipts" else _SCHEMES),
        families={one: count / total for one, count in events.items()},
        decoys={one: _DECOYS_A_YEAR for one, decoy in DECOYS.items() if kind in decoy.kinds},
        traits=draw_traits(generator),
    )

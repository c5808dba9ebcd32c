"""How frauds are committed in a line: each family's parameters, which differ between lines."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class FraudTraits:
    """Parameters of the families.

    Attributes:
        other_financier: Share of double financing that goes to another financier.
        repeat_after_days: Until a receivable is financed again, on average.
        price_factor: What over-invoiced goods cost over their usual price.
        keeps_amount: Share of over-invoicing that sells less so that the amount stays usual.
        quantity_factor: What is invoiced over what was shipped.
        early_days: From an invoice written before its goods left to their leaving, on average.
        aged_days: How old a receivable is when it is dated anew, beyond its term.
        cycle: Firms in a circle of trade, at most.
        burst: Requests of a bust-out.
        ramp: Honest deals that lead to it.
        diluted: Share of an invoice that is credited after it was financed.
        fabricated_papers: Share of invented sales that have an order that was invented too.
        defaults: Share of frauds that end in a notice of default.
    """

    other_financier: float = 0.6
    repeat_after_days: float = 6.0
    price_factor: float = 1.6
    keeps_amount: float = 0.5
    quantity_factor: float = 1.5
    early_days: float = 30.0
    aged_days: float = 25.0
    cycle: int = 3
    burst: int = 6
    ramp: int = 18
    diluted: float = 0.5
    fabricated_papers: float = 0.4
    defaults: float = 0.5


def draw_traits(generator: np.random.Generator) -> FraudTraits:
    """Return the traits of a line."""
    return FraudTraits(
        other_financier=float(generator.uniform(0.3, 0.9)),
        repeat_after_days=float(generator.uniform(2, 15)),
        price_factor=float(generator.uniform(1.3, 2.2)),
        keeps_amount=float(generator.uniform(0.3, 0.9)),
        quantity_factor=float(generator.uniform(1.2, 1.9)),
        early_days=float(generator.uniform(18, 45)),
        aged_days=float(generator.uniform(10, 40)),
        cycle=int(generator.integers(2, 5)),
        burst=int(generator.integers(4, 9)),
        ramp=int(generator.integers(10, 26)),
        diluted=float(generator.uniform(0.3, 0.8)),
        fabricated_papers=float(generator.uniform(0.1, 0.7)),
        defaults=float(generator.uniform(0.25, 0.7)),
    )

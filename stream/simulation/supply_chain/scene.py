"""Where deals are made: a line, its firms, and the documents so far."""

from dataclasses import dataclass, field

import numpy as np

from stream.simulation.supply_chain.draft import Draft
from stream.simulation.supply_chain.economy import Economy
from stream.simulation.supply_chain.line_profile import SupplyChainLine


@dataclass(slots=True)
class Scene:
    """Where deals are made.

    Attributes:
        line: The line.
        economy: Its firms.
        days: How long.
        generator: All chance.
        drafts: Documents so far, in no order.
    """

    line: SupplyChainLine
    economy: Economy
    days: float
    generator: np.random.Generator
    drafts: list[Draft] = field(default_factory=list)

    def add(self, draft: Draft) -> Draft:
        """Take a document and return it."""
        self.drafts.append(draft)
        return draft

    def chance(self, share: float) -> bool:
        """Return true in a share of cases."""
        return bool(self.generator.random() < share)

    def between(self, low: float, high: float) -> float:
        """Return a number between two."""
        return float(self.generator.uniform(low, high))

    def wait(self, mean_days: float) -> float:
        """Return a time to wait, days: mostly about the mean, at times twice it."""
        return float(self.generator.gamma(3.0, mean_days / 3.0))

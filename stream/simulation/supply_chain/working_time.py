"""When documents are written: working days, office hours, and the seasons of a trade."""

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np

from stream.simulation.cards import START_S
from stream.simulation.supply_chain.firm import Firm
from stream.simulation.supply_chain.sector import Sector

DAY_S = 86_400.0
_YEAR_DAYS = 365.0
_WEEKEND_KEPT = 0.2


@cache
def day_text(day: int, start_s: float = START_S) -> str:
    """Return the date of a day since a start, which is a Monday, epoch seconds."""
    return (datetime.fromtimestamp(start_s, UTC).date() + timedelta(days=day)).isoformat()


def moment(day: float, firm: Firm, generator: np.random.Generator) -> float:
    """Return when on a day a firm writes a document, days since the start; most weekends wait for Monday."""
    whole = int(day // 1)
    late = whole % 7 - 4
    if late > 0 and generator.random() > _WEEKEND_KEPT:
        whole += 3 - late
    return float(whole + ((firm.hour + generator.normal(0, 2.2)) % 24) / 24)


def draw_day(sector: Sector, first: float, last: float, generator: np.random.Generator) -> float:
    """Return a day of trade between two days, as likely as the season makes it."""
    while True:
        day = float(generator.uniform(first, last))
        swing = np.cos(2 * np.pi * (day - sector.peak_day) / _YEAR_DAYS)
        if generator.random() * (1 + sector.season) < 1 + sector.season * swing:
            return day

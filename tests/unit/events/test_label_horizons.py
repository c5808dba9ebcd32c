"""Labels find their events as long as their line says, or three of its delays."""

import pytest
from pydantic import ValidationError

from stream.events.business_line import BusinessLine
from stream.events.label_horizons import label_horizons

DAY_S = 86_400.0


def a_line(**declared):
    return BusinessLine.model_validate({"line": "trade", "topic": "t", "documents": "supply_chain", **declared})


@pytest.mark.parametrize(
    ("declared", "days"),
    [
        ({"label_delay": "7d"}, 90),
        ({"label_delay": "60d"}, 180),
        ({"label_delay": "60d", "label_horizon": "300d"}, 300),
        ({"label_delay": "7d", "label_horizon": "10d"}, 10),
    ],
)
def test_a_lines_horizon_is_its_own_or_the_installations_or_three_of_its_delays(declared, days):
    horizons = label_horizons([a_line(**declared)], 90 * DAY_S)
    assert horizons.of("trade") == days * DAY_S
    assert horizons.of("unknown") == 90 * DAY_S
    assert horizons.longest_s == max(days, 90) * DAY_S


@pytest.mark.parametrize("horizon", ["30d", "60d"])
def test_a_horizon_no_longer_than_the_delay_is_refused(horizon):
    with pytest.raises(ValidationError, match="no label would find its event"):
        a_line(label_delay="60d", label_horizon=horizon)

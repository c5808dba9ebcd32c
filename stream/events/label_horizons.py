"""How long, in event time, events of each line wait for their labels."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stream.events.business_line import BusinessLine

_DELAYS = 3.0


@dataclass(frozen=True, slots=True)
class LabelHorizons:
    """The horizon of each line.

    Attributes:
        default_s: Of lines that `own_s` does not name, seconds of event time.
        own_s: Of the others.
    """

    default_s: float
    own_s: Mapping[str, float] = field(default_factory=dict)

    def of(self, line: str) -> float:
        """Return a line's horizon in seconds."""
        return self.own_s.get(line, self.default_s)

    @property
    def longest_s(self) -> float:
        """The longest of all."""
        return max(self.default_s, *self.own_s.values()) if self.own_s else self.default_s


def label_horizons(lines: Iterable[BusinessLine], default_s: float) -> LabelHorizons:
    """Return lines' own horizons; a line that names none has the default, or three of its label delays if that is more.

    Args:
        lines: All of an installation.
        default_s: What the installation says, seconds.
    """
    return LabelHorizons(default_s, {line.name: _horizon_s(line, default_s) for line in lines})


def _horizon_s(line: BusinessLine, default_s: float) -> float:
    return line.label_horizon_s or max(default_s, _DELAYS * line.label_delay_s)

"""What makes one simulated line differ from another."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LineProfile:
    """One business line of the simulator.

    Attributes:
        name: Of the line.
        currency: ISO 4217 code.
        country: Where its subjects live.
        latitude: Middle of their homes, degrees.
        longitude: Middle of their homes, degrees.
        subjects: Cards.
        merchants: Counterparties.
        events_per_day: Honest events.
        log_amount: Mean of the logarithm of amounts.
        log_spread: Its spread between subjects.
        late_share: Share of subjects who are active at night.
        fraud_share: Frauds over events, about.
        families: Families of fraud and their shares.
        limit: Amount below which payments pass without a further check.
        decoys: Families whose behaviour is honest in this line, and the share of events that show it.
    """

    name: str
    currency: str
    country: str
    latitude: float
    longitude: float
    subjects: int = 2_000
    merchants: int = 400
    events_per_day: float = 1_500.0
    log_amount: float = 3.3
    log_spread: float = 0.6
    late_share: float = 0.08
    fraud_share: float = 0.01
    families: dict[str, float] = field(default_factory=dict)
    limit: float = 500.0
    decoys: dict[str, float] = field(default_factory=dict)

"""The protocol of the fraud detection handbook: known cards left out, card precision at 100.

Le Borgne, Siblini, Lebichot and Bontempi, "Reproducible machine learning for credit
card fraud detection", 2022, chapters 4.3 and 5.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

DAY_S = 86_400.0
TRAINING_DAYS = 7
DELAY_DAYS = 7


@dataclass(frozen=True, slots=True)
class CardEvents:
    """Events of one or more weeks and of the time before them.

    Attributes:
        card: Number of the card, int64 [n].
        occurred_at_s: Epoch seconds, float64 [n].
        labels: 1 fraud, 0 genuine, [n].
        scores: NaN where an event was not scored, float64 [n].
    """

    card: npt.NDArray[np.int64]
    occurred_at_s: npt.NDArray[np.float64]
    labels: npt.NDArray[np.integer]
    scores: npt.NDArray[np.float64]


def kept_events(events: CardEvents, start_s: float, days: int = 7) -> npt.NDArray[np.bool_]:
    """Return which events of a test week are judged.

    Cards are known to be compromised from the training days, [start - 14 d, start - 7 d),
    and, for each test day, from frauds up to 8 days before it.

    Args:
        events: With the 14 days before the week.
        start_s: Midnight of the first test day, epoch seconds.
        days: Test days.
    """
    kept = np.zeros(len(events.card), np.bool_)
    day = np.floor((events.occurred_at_s - start_s) / DAY_S).astype(np.int64)
    fraud = events.labels == 1
    first = -(TRAINING_DAYS + DELAY_DAYS)
    for test_day in range(days):
        known = fraud & (day >= first) & (day <= test_day - DELAY_DAYS - 1)
        compromised = np.unique(events.card[known])
        kept |= (day == test_day) & ~np.isin(events.card, compromised)
    return kept


def card_precision(
    events: CardEvents, kept: npt.NDArray[np.bool_], start_s: float, days: int = 7, top: int = 100
) -> float:
    """Return the mean over days of the share of compromised cards among the `top` cards.

    A card's score of a day is its highest; a detected card is left out on later days.

    Args:
        events: The same as of `kept_events`.
        kept: Which events are judged.
        start_s: Midnight of the first test day.
        days: Test days.
        top: Cards checked a day.
    """
    detected: npt.NDArray[np.int64] = np.empty(0, np.int64)
    found: list[float] = []
    day = np.floor((events.occurred_at_s - start_s) / DAY_S).astype(np.int64)
    for test_day in range(days):
        today = kept & (day == test_day) & ~np.isin(events.card, detected)
        hit = _compromised_at_top(events.card[today], events.scores[today], events.labels[today], top)
        found.append(len(hit) / top)
        detected = np.concatenate([detected, hit])
    return float(np.mean(found))


def _compromised_at_top(
    card: npt.NDArray[np.int64], scores: npt.NDArray[np.float64], labels: npt.NDArray[np.integer], top: int
) -> npt.NDArray[np.int64]:
    cards, inverse = np.unique(card, return_inverse=True)
    highest = np.full(len(cards), -np.inf)
    np.maximum.at(highest, inverse, scores)
    compromised = np.zeros(len(cards), np.bool_)
    np.logical_or.at(compromised, inverse, labels == 1)
    chosen = np.argsort(-highest, kind="stable")[:top]
    return cards[chosen][compromised[chosen]]


def numbered(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return a number for each text, the same for the same text."""
    _, numbers = np.unique(np.asarray(texts), return_inverse=True)
    return numbers.astype(np.int64)

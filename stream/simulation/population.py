"""Subjects and counterparties of a line, and how honest ones spend.

Honest life is full of what fraud looks like: holidays, large purchases, shopping days,
night work, busy new merchants, round amounts.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stream.simulation.line_profile import LineProfile
from stream.simulation.payments import Floats, Ints, Payments, join

_FAVOURITES = 6
_ROUND_SHARE = 0.12
_LARGE_SHARE = 0.03
_BURST_SHARE = 0.12
_NEW_DEVICE_SHARE = 0.03
_HOLIDAY_DAYS = 7.0
_AWAY_DEGREES = 12.0


@dataclass(frozen=True, slots=True)
class Population:
    """The standing traits of a line's subjects and counterparties.

    Attributes:
        weight: How active each subject is, summing to 1.
        log_amount: Each subject's own mean log amount.
        hour: Each subject's usual hour.
        latitude: Home, degrees.
        longitude: Home, degrees.
        favourites: Merchants each subject knows, [subjects, 6].
        holiday: First day of each subject's holiday.
        away: Where it is spent, degrees from home, [subjects, 2].
        popularity: How popular each merchant is, summing to 1.
        opened: Day each merchant opened.
        price: Each merchant's own part of the log amount.
    """

    weight: Floats
    log_amount: Floats
    hour: Floats
    latitude: Floats
    longitude: Floats
    favourites: Ints
    holiday: Floats
    away: Floats
    popularity: Floats
    opened: Floats
    price: Floats


def draw_population(profile: LineProfile, days: float, generator: np.random.Generator) -> Population:
    """Return a line's subjects and counterparties."""
    count, shops = profile.subjects, profile.merchants
    weight = generator.gamma(1.2, size=count)
    popularity = np.asarray(1.0 / np.arange(1, shops + 1) ** 0.8, np.float64)
    popularity /= popularity.sum()
    late = generator.random(count) < profile.late_share
    hour = np.where(late, generator.normal(1.5, 2.0, count), generator.normal(14.5, 3.0, count)) % 24
    return Population(
        weight=weight / weight.sum(),
        log_amount=generator.normal(profile.log_amount, profile.log_spread, count),
        hour=hour,
        latitude=profile.latitude + generator.normal(0, 1.0, count),
        longitude=profile.longitude + generator.normal(0, 1.0, count),
        favourites=generator.choice(shops, (count, _FAVOURITES), p=popularity),
        holiday=generator.uniform(-0.3 * days, days, count),
        away=generator.normal(0, _AWAY_DEGREES, (count, 2)),
        popularity=popularity,
        opened=np.where(generator.random(shops) < 0.1, generator.uniform(0, days, shops), -1.0),
        price=generator.normal(0, 0.35, shops),
    )


def honest_payments(profile: LineProfile, people: Population, days: float, generator: np.random.Generator) -> Payments:
    """Return honest payments over some days, in no order."""
    plain = _plain(profile, people, days, generator)
    return join([plain, _shopping_days(plain, people, generator)])


def _plain(profile: LineProfile, people: Population, days: float, generator: np.random.Generator) -> Payments:
    count = generator.poisson(profile.events_per_day * days / (1 + _BURST_SHARE))
    card = generator.choice(profile.subjects, count, p=people.weight)
    weekday = np.array([1.0, 0.95, 0.95, 1.0, 1.15, 1.3, 0.85])
    chance = weekday[np.arange(int(days)) % 7]
    date = generator.choice(int(days), count, p=chance / chance.sum())
    day = date + ((people.hour[card] + generator.normal(0, 2.8, count)) % 24) / 24
    known = generator.random(count) < 0.75
    merchant = np.where(
        known,
        people.favourites[card, generator.integers(_FAVOURITES, size=count)],
        generator.choice(profile.merchants, count, p=people.popularity),
    )
    merchant = np.where(people.opened[merchant] <= day, merchant, generator.integers(profile.merchants, size=count))
    return made(profile, people, card, merchant, day, usual_amount(people, card, merchant, generator), generator)


def usual_amount(people: Population, card: Ints, merchant: Ints, generator: np.random.Generator) -> Floats:
    """Return amounts as these subjects spend at these merchants, large purchases among them."""
    amount = np.exp(people.log_amount[card] + people.price[merchant] + generator.normal(0, 0.55, len(card)))
    large = generator.random(len(card)) < _LARGE_SHARE
    return amount * np.where(large, generator.uniform(3, 9, len(card)), 1.0)


def made(
    profile: LineProfile,
    people: Population,
    card: Ints,
    merchant: Ints,
    day: Floats,
    amount: Floats,
    generator: np.random.Generator,
) -> Payments:
    """Return honest-looking payments: round amounts, holidays and new devices as among the honest."""
    count = len(card)
    on_holiday = (day >= people.holiday[card]) & (day < people.holiday[card] + _HOLIDAY_DAYS)
    away = np.where(on_holiday[:, None], people.away[card], 0.0)
    new = generator.random(count) < _NEW_DEVICE_SHARE
    return Payments(
        card=card,
        merchant=merchant,
        day=day,
        amount=rounded(amount, generator.random(count) < _ROUND_SHARE),
        latitude=np.clip(people.latitude[card] + away[:, 0] + generator.normal(0, 0.08, count), -85, 85),
        longitude=people.longitude[card] + away[:, 1] + generator.normal(0, 0.08, count),
        device=np.where(new, profile.subjects + generator.integers(10**6, size=count), card),
        fraud=np.zeros(count, np.bool_),
        family=np.full(count, -1),
    )


def rounded(amount: Floats, to_tens: npt.NDArray[np.bool_]) -> Floats:
    """Return amounts of two decimals, some of them rounded to tens."""
    tens = np.maximum(np.round(amount / 10), 1) * 10
    return np.maximum(np.round(np.where(to_tens, tens, amount), 2), 0.5)


def _shopping_days(plain: Payments, people: Population, generator: np.random.Generator) -> Payments:
    starts = generator.choice(len(plain), int(len(plain) * _BURST_SHARE / 4), replace=False)
    rows = np.repeat(starts, generator.integers(3, 6, len(starts)))
    merchant = generator.choice(len(people.popularity), len(rows), p=people.popularity)
    card = plain.card[rows]
    return Payments(
        card=card,
        merchant=merchant,
        day=plain.day[rows] + generator.exponential(0.04, len(rows)),
        amount=rounded(usual_amount(people, card, merchant, generator), generator.random(len(rows)) < _ROUND_SHARE),
        latitude=plain.latitude[rows] + generator.normal(0, 0.05, len(rows)),
        longitude=plain.longitude[rows] + generator.normal(0, 0.05, len(rows)),
        device=plain.device[rows],
        fraud=np.zeros(len(rows), np.bool_),
        family=np.full(len(rows), -1),
    )

"""Families of fraud: each a mixture of signals that honest payments show too.

A family makes campaigns: a victim or a merchant, a start, and payments around them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from stream.simulation.line_profile import LineProfile
from stream.simulation.payments import Floats, Ints, Payments
from stream.simulation.population import Population, made, rounded, usual_amount


@dataclass(frozen=True, slots=True)
class Scene:
    """Where campaigns happen."""

    profile: LineProfile
    people: Population
    days: float
    generator: np.random.Generator


Family = Callable[[Scene, int], Payments]


def _victims(scene: Scene, campaigns: int, each: Ints) -> tuple[Ints, Floats]:
    card = scene.generator.choice(scene.profile.subjects, campaigns, p=scene.people.weight)
    start = scene.generator.uniform(0, scene.days, campaigns)
    return np.repeat(card, each), np.repeat(start, each)


def _anywhere(scene: Scene, count: int) -> Ints:
    return scene.generator.choice(scene.profile.merchants, count, p=scene.people.popularity)


def _usual_time(scene: Scene, card: Ints, day: Floats) -> Floats:
    hour = (scene.people.hour[card] + scene.generator.normal(0, 3.5, len(card))) % 24
    return np.floor(day) + hour / 24


def _payments(scene: Scene, card: Ints, merchant: Ints, day: Floats, amount: Floats) -> Payments:
    base = made(scene.profile, scene.people, card, merchant, day, amount, scene.generator)
    return replace(base, fraud=np.ones(len(card), np.bool_))


def _strangers_device(scene: Scene, payments: Payments, campaign: Ints, share: float) -> Payments:
    taken = scene.generator.random(len(campaign)) < share
    drawn = scene.generator.integers(10**6, size=campaign.max(initial=0) + 1)
    device = scene.profile.subjects + drawn[campaign]
    return replace(payments, device=np.where(taken, device, payments.device))


def compromised_terminal(scene: Scene, frauds: int) -> Payments:
    """Copy cards at a merchant for some days; the copies pay there again, as usual otherwise."""
    campaigns = max(frauds // 25, 1)
    each = scene.generator.integers(15, 36, campaigns)
    merchant = np.repeat(_anywhere(scene, campaigns), each)
    start = np.repeat(scene.generator.uniform(0, scene.days, campaigns), each)
    card = scene.generator.choice(scene.profile.subjects, len(merchant), p=scene.people.weight)
    day = _usual_time(scene, card, start + scene.generator.uniform(0, 12, len(merchant)))
    return _payments(scene, card, merchant, day, usual_amount(scene.people, card, merchant, scene.generator))


def leaked_card(scene: Scene, frauds: int) -> Payments:
    """Use a leaked card for days: new merchants, amounts some times the card's own."""
    each = scene.generator.integers(4, 10, max(frauds // 6, 1))
    card, start = _victims(scene, len(each), each)
    merchant = _anywhere(scene, len(card))
    day = _usual_time(scene, card, start + scene.generator.uniform(0, 6, len(card)))
    amount = usual_amount(scene.people, card, merchant, scene.generator) * scene.generator.uniform(1.3, 5.5, len(card))
    return _payments(scene, card, merchant, day, amount)


def card_testing(scene: Scene, frauds: int) -> Payments:
    """Try a card with small amounts within the hour, then take a larger one."""
    each = scene.generator.integers(3, 7, max(frauds // 5, 1))
    card, start = _victims(scene, len(each), each)
    merchant = _anywhere(scene, len(card))
    last = np.zeros(len(card), np.bool_)
    last[np.cumsum(each) - 1] = True
    small = scene.generator.gamma(2.0, 2.5, len(card)) + 0.5
    amount = np.where(last, usual_amount(scene.people, card, merchant, scene.generator) * 4, small)
    day = _usual_time(scene, card, start) + scene.generator.uniform(0, 0.04, len(card)) + last * 0.03
    return _payments(scene, card, merchant, day, amount)


def night_burst(scene: Scene, frauds: int) -> Payments:
    """Spend quickly while the owner sleeps."""
    each = scene.generator.integers(3, 6, max(frauds // 4, 1))
    card, start = _victims(scene, len(each), each)
    merchant = _anywhere(scene, len(card))
    begin = np.repeat(scene.generator.uniform(0.5, 5.5, len(each)) / 24, each)
    day = np.floor(start) + begin + scene.generator.exponential(0.02, len(card))
    amount = usual_amount(scene.people, card, merchant, scene.generator) * scene.generator.uniform(0.8, 2.5, len(card))
    return _payments(scene, card, merchant, day, amount)


def far_away(scene: Scene, frauds: int) -> Payments:
    """Use a copied card far from home while its owner goes on at home."""
    each = scene.generator.integers(2, 6, max(frauds // 4, 1))
    card, start = _victims(scene, len(each), each)
    merchant = _anywhere(scene, len(card))
    day = _usual_time(scene, card, start) + scene.generator.uniform(0, 0.6, len(card))
    amount = usual_amount(scene.people, card, merchant, scene.generator) * scene.generator.uniform(0.7, 2.5, len(card))
    base = _payments(scene, card, merchant, day, amount)
    away = np.repeat(scene.generator.normal(0, 14, (len(each), 2)), each, axis=0)
    return replace(base, latitude=np.clip(base.latitude + away[:, 0], -85, 85), longitude=base.longitude + away[:, 1])


def device_takeover(scene: Scene, frauds: int) -> Payments:
    """Move an account to another device and spend over two days."""
    each = scene.generator.integers(3, 7, max(frauds // 5, 1))
    card, start = _victims(scene, len(each), each)
    merchant = _anywhere(scene, len(card))
    day = _usual_time(scene, card, start + scene.generator.uniform(0, 2, len(card)))
    amount = usual_amount(scene.people, card, merchant, scene.generator) * scene.generator.uniform(0.8, 3.0, len(card))
    campaign = np.repeat(np.arange(len(each)), each)
    return _strangers_device(scene, _payments(scene, card, merchant, day, amount), campaign, 0.8)


def mule_merchant(scene: Scene, frauds: int) -> Payments:
    """Push rounded amounts from many cards through one small merchant for a week."""
    campaigns = max(frauds // 25, 1)
    each = scene.generator.integers(15, 36, campaigns)
    small = scene.profile.merchants // 2
    merchant = np.repeat(scene.generator.integers(small, scene.profile.merchants, campaigns), each)
    start = np.repeat(scene.generator.uniform(0, scene.days, campaigns), each)
    card = scene.generator.choice(scene.profile.subjects, len(merchant), p=scene.people.weight)
    day = _usual_time(scene, card, start + scene.generator.uniform(0, 7, len(merchant)))
    amount = usual_amount(scene.people, card, merchant, scene.generator) * 1.5
    to_tens = scene.generator.random(len(card)) < 0.6
    return replace(_payments(scene, card, merchant, day, amount), amount=rounded(amount, to_tens))


def below_limit(scene: Scene, frauds: int) -> Payments:
    """Stay just below the amount that is checked further, some times a day."""
    each = scene.generator.integers(3, 7, max(frauds // 5, 1))
    card, start = _victims(scene, len(each), each)
    merchant = _anywhere(scene, len(card))
    day = _usual_time(scene, card, start) + scene.generator.uniform(0, 0.3, len(card))
    near = scene.profile.limit * scene.generator.uniform(0.55, 1.0, len(card))
    usual = usual_amount(scene.people, card, merchant, scene.generator)
    amount = np.where(scene.generator.random(len(card)) < 0.7, near, usual)
    return _payments(scene, card, merchant, day, amount)


def slow_drain(scene: Scene, frauds: int) -> Payments:
    """Draw usual amounts to one new payee, most days, for two weeks."""
    each = scene.generator.integers(6, 13, max(frauds // 9, 1))
    card, start = _victims(scene, len(each), each)
    merchant = np.repeat(_anywhere(scene, len(each)), each)
    day = _usual_time(scene, card, start + scene.generator.uniform(0, 14, len(card)))
    amount = usual_amount(scene.people, card, merchant, scene.generator) * 1.4
    return _payments(scene, card, merchant, day, amount)


FAMILIES: dict[str, Family] = {
    "compromised_terminal": compromised_terminal,
    "leaked_card": leaked_card,
    "card_testing": card_testing,
    "night_burst": night_burst,
    "far_away": far_away,
    "device_takeover": device_takeover,
    "mule_merchant": mule_merchant,
    "below_limit": below_limit,
    "slow_drain": slow_drain,
}

"""The features of any event, by its subject and its counterparty: what both kernels fill, in order."""

from collections.abc import Callable
from dataclasses import replace
from math import copysign, exp, expm1

from stream.features.feature import Feature, Side

# No event makes such logarithms, but a forged record may hold them, and is told like any other.
_MOST_LOG = 100.0


def _exp(value: float) -> float:
    """Return e to a value's power, to that of 100 beyond."""
    return exp(min(value, _MOST_LOG))


def _expm1(value: float) -> float:
    """Return e to a value's power less 1, to that of 100 beyond."""
    return expm1(min(value, _MOST_LOG))


def _signed_expm1(value: float) -> float:
    return copysign(_expm1(abs(value)), value)


def _hours(value: float) -> float:
    return _expm1(value) / 3600.0


def _ratio(value: float) -> float:
    # The kernel's logarithm of (ratio + .1) / 1.1.
    return 1.1 * _exp(value) - 0.1


def _frauds(value: float) -> float:
    return max(_exp(value) - 1e-4, 0.0)


def _windows(
    side: Side, prefix: str, text: str, to_display: Callable[[float], float], names: tuple[str, ...]
) -> list[Feature]:
    return [Feature(f"{prefix}_{name}", side, text.replace("WINDOW", _SPOKEN[name]), to_display) for name in names]


def _label_windows(prefix: str, text: str, to_display: Callable[[float], float]) -> list[Feature]:
    return [replace(one, from_labels=True) for one in _windows("counterparty", prefix, text, to_display, _DAYS)]


def _paced(prefix: str, text: str, to_display: Callable[[float], float]) -> list[Feature]:
    # Over hours and a day a fraudster sets the pace; over weeks the owner does.
    short = ("1h", "1d")
    made = _windows("subject", prefix, text, to_display, _ALL)
    return [replace(one, movable=one.name.endswith(short)) for one in made]


_SPOKEN = {"1h": "an hour", "1d": "a day", "7d": "7 days", "30d": "30 days"}
_ALL = ("1h", "1d", "7d", "30d")
_DAYS = ("1d", "7d", "30d")

SUBJECT: tuple[Feature, ...] = (
    Feature("log_amount", "subject", "amount {value:,.2f}", _signed_expm1, movable=True),
    Feature("hour_sin", "subject", "the time of day", movable=True),
    Feature("hour_cos", "subject", "the time of day", movable=True),
    Feature("weekend", "subject", "at the weekend", text_if_not="on a working day"),
    *_paced("subject_count", "about {value:.0f} events of this {kind} in WINDOW", _expm1),
    *_windows("subject", "subject_mean", "this {kind}'s mean amount over WINDOW is {value:,.2f}", _expm1, _DAYS),
    Feature("subject_mean_drift", "subject", "this {kind}'s mean of 7 days is {value:.1f} times that of 30 days", _exp),
    Feature("amount_vs_own_mean", "subject", "amount {value:.1f} times the {kind}'s own mean", _ratio, movable=True),
    Feature(
        "amount_vs_own_spread",
        "subject",
        "amount {value:+.1f} of the {kind}'s usual deviations from its mean",
        movable=True,
    ),
    Feature(
        "log_amount_vs_own_spread",
        "subject",
        "amount's size {value:+.1f} of the {kind}'s usual deviations from its own",
        movable=True,
    ),
    *_windows(
        "subject", "subject_large", "about {value:.0f} unusually large amounts of this {kind} in WINDOW", _expm1, _DAYS
    ),
    Feature("since_own_last", "subject", "{value:.1f} hours since the {kind}'s last event", _hours, movable=True),
    Feature(
        "pair_new",
        "subject",
        "none of the {kind}'s last 8 counterparties",
        text_if_not="a counterparty the {kind} knows",
    ),
    Feature(
        "instrument_changed",
        "subject",
        "another instrument than last time",
        text_if_not="the same instrument as last time",
    ),
    Feature("place_changed", "subject", "another place than last time", text_if_not="the same place as last time"),
    Feature("distance", "subject", "{value:,.0f} km from the last place", _expm1),
    Feature("speed", "subject", "{value:,.0f} km/h since the last place", _expm1),
    Feature(
        "instrument_age",
        "subject",
        "{value:,.0f} hours since the {kind} first used the instrument",
        _expm1,
        text_if_not="an instrument that is new to the {kind}",
    ),
    Feature(
        "since_pair_met",
        "subject",
        "{value:,.0f} hours since the {kind} first met the counterparty",
        _expm1,
        text_if_not="a counterparty that is new to the {kind}",
    ),
    Feature(
        "pair_events",
        "subject",
        "{value:.0f} earlier events of the {kind} with the counterparty",
        _expm1,
        text_if_not="no earlier event of the {kind} with the counterparty",
    ),
    Feature("distance_from_home", "subject", "{value:,.0f} km from the {kind}'s usual place", _expm1),
    Feature("unusual_hour", "subject", "the time of day beside the {kind}'s usual one", movable=True),
    Feature("amount_zeros", "subject", "an amount that ends in {value:.0f} zeros, cents counted", movable=True),
)

COUNTERPARTY: tuple[Feature, ...] = (
    *_windows(
        "counterparty", "counterparty_count", "about {value:.0f} events at the counterparty in WINDOW", _expm1, _ALL
    ),
    Feature(
        "counterparty_mean_30d",
        "counterparty",
        "the counterparty's mean amount over 30 days is {value:,.2f}",
        _signed_expm1,
    ),
    Feature(
        "amount_vs_counterparty_mean",
        "counterparty",
        "amount {value:.1f} times the counterparty's mean",
        _exp,
        movable=True,
    ),
    Feature("since_counterparty_last", "counterparty", "{value:.1f} hours since the counterparty's last event", _hours),
    *_label_windows("counterparty_risk", "counterparty's fraud rate over WINDOW {value:.0%}", float),
    *_label_windows("counterparty_frauds", "about {value:.1f} known frauds at the counterparty in WINDOW", _frauds),
    Feature(
        "counterparty_zeros_7d",
        "counterparty",
        "amounts at the counterparty end in about {value:.1f} zeros over 7 days, cents counted",
    ),
)

SUBJECT_WIDTH = len(SUBJECT)
COUNTERPARTY_WIDTH = len(COUNTERPARTY)

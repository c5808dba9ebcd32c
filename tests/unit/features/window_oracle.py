"""The features of windows once more, slowly: every event kept, every sum written out."""

from collections.abc import Sequence
from math import cos, exp, floor, log, log1p, pi, sqrt

from tests.builders.event_batches import DAY_S, START_S, Payment, Seen

HALF_LIVES_S = {"1h": 3_600.0, "1d": DAY_S, "7d": 7 * DAY_S, "30d": 30 * DAY_S}
DAYS = ("1d", "7d", "30d")
RING = 28


def decayed(values: Sequence[tuple[float, float]], at_s: float, half_life_s: float) -> float:
    """Return the decayed sum of (time, value) at a time."""
    return sum(value * 0.5 ** ((at_s - time_s) / half_life_s) for time_s, value in values)


def subject_features(payments: Sequence[Payment]) -> list[dict[str, float]]:
    """Return the windows' features of one subject's payments in order of arrival."""
    found: list[dict[str, float]] = []
    large: list[tuple[float, float]] = []
    for at, one in enumerate(payments):
        past, both = payments[:at], payments[: at + 1]
        now_s = max(payment.at_s for payment in both)
        features = {f"subject_large_{name}": log1p(decayed(large, now_s, HALF_LIVES_S[name])) for name in DAYS}
        features |= _comparisons(past, one, now_s)
        features |= {"unusual_hour": _unusual_hour(past, one, now_s), "amount_zeros": float(_zeros(one.amount))}
        if one.amount > 3.0 * _mean(past, now_s, one.amount):
            large.append((one.at_s, 1.0))
        for name, half_life_s in HALF_LIVES_S.items():
            features[f"subject_count_{name}"] = log1p(decayed(_ones(both), now_s, half_life_s))
        for name in DAYS:
            features[f"subject_mean_{name}"] = log1p(
                decayed(_sizes(both), now_s, HALF_LIVES_S[name]) / decayed(_ones(both), now_s, HALF_LIVES_S[name])
            )
        features["subject_mean_drift"] = features["subject_mean_7d"] - features["subject_mean_30d"]
        found.append(features)
    return found


def _ones(payments: Sequence[Payment]) -> list[tuple[float, float]]:
    return [(payment.at_s, 1.0) for payment in payments]


def _sizes(payments: Sequence[Payment]) -> list[tuple[float, float]]:
    return [(payment.at_s, payment.amount) for payment in payments]


def _mean(payments: Sequence[Payment], now_s: float, if_none: float) -> float:
    if not payments:
        return if_none
    half_life_s = HALF_LIVES_S["30d"]
    return decayed(_sizes(payments), now_s, half_life_s) / decayed(_ones(payments), now_s, half_life_s)


def _comparisons(past: Sequence[Payment], one: Payment, now_s: float) -> dict[str, float]:
    names = ("amount_vs_own_mean", "amount_vs_own_spread", "log_amount_vs_own_spread")
    if not past:
        return dict.fromkeys(names, 0.0)
    count = decayed(_ones(past), now_s, HALF_LIVES_S["30d"])
    mean, variance = _moments([(payment.at_s, payment.amount) for payment in past], now_s)
    log_mean, log_variance = _moments([(payment.at_s, log1p(payment.amount)) for payment in past], now_s)
    spread = sqrt((count * variance + (0.5 * mean) ** 2) / (count + 1))
    log_spread = sqrt((count * log_variance + 0.25) / (count + 1))
    values = (
        log((one.amount / mean + 0.1) / 1.1),
        (one.amount - mean) / spread,
        (log1p(one.amount) - log_mean) / log_spread,
    )
    return dict(zip(names, values, strict=True))


def _unusual_hour(past: Sequence[Payment], one: Payment, now_s: float) -> float:
    """Return how far an hour is from those before: less the cosine to each, weighed, beside one that says nothing."""
    alike = [(other.at_s, cos(2 * pi * (one.at_s - other.at_s) / DAY_S)) for other in past]
    half_life_s = HALF_LIVES_S["30d"]
    return -decayed(alike, now_s, half_life_s) / (decayed(_ones(past), now_s, half_life_s) + 1)


def _zeros(amount: float) -> int:
    text = f"{abs(amount):.2f}".replace(".", "").lstrip("0")
    return min(len(text) - len(text.rstrip("0")), 6)


def _moments(values: Sequence[tuple[float, float]], now_s: float) -> tuple[float, float]:
    half_life_s = HALF_LIVES_S["30d"]
    count = decayed([(time_s, 1.0) for time_s, _ in values], now_s, half_life_s)
    mean = decayed(values, now_s, half_life_s) / count
    return mean, decayed([(time_s, (value - mean) ** 2) for time_s, value in values], now_s, half_life_s) / count


def counterparty_features(seen: Sequence[Seen], delay_s: float) -> list[dict[str, float]]:
    """Return the features of one counterparty's events in order of arrival, {} for a risk update."""
    found: list[dict[str, float]] = []
    for at, one in enumerate(seen):
        if one.fraud_delta:
            found.append({})
            continue
        now_s = max(other.at_s for other in seen[: at + 1])
        past = [other for other in seen[:at] if not other.fraud_delta]
        frauds = [other for other in seen[:at] if other.fraud_delta]
        features = _risks(past, frauds, now_s, delay_s)
        events = [*past, one]
        for name, half_life_s in HALF_LIVES_S.items():
            features[f"counterparty_count_{name}"] = log1p(
                decayed([(other.at_s, 1.0) for other in events], now_s, half_life_s)
            )
        half_life_s = HALF_LIVES_S["7d"]
        zeros = decayed([(other.at_s, float(_zeros(other.amount))) for other in events], now_s, half_life_s)
        ones = decayed([(other.at_s, 1.0) for other in events], now_s, half_life_s)
        features["counterparty_zeros_7d"] = zeros / (ones + 1)
        features["counterparty_mean_30d"] = _log_mean(events, now_s)
        features["amount_vs_counterparty_mean"] = log1p(one.amount) - _log_mean(past, now_s) if past else 0.0
        found.append(features)
    return found


def _log_mean(events: Sequence[Seen], now_s: float) -> float:
    return _moments([(other.at_s, log1p(other.amount)) for other in events], now_s)[0]


def _risks(past: Sequence[Seen], frauds: Sequence[Seen], now_s: float, delay_s: float) -> dict[str, float]:
    """Return the rates among events whose labels are due, all times to the middle of their bucket."""
    features: dict[str, float] = {}
    due_s = now_s - delay_s
    times_s = [_middle_s(other.at_s, delay_s) for other in past]
    for name in DAYS:
        half_life_s = HALF_LIVES_S[name]
        known = decayed([(_middle_s(one.at_s, delay_s), one.fraud_delta) for one in frauds], due_s, half_life_s)
        known = max(known, 0.0)
        due = decayed([(time_s, 1.0) for time_s in times_s if time_s <= due_s], due_s, half_life_s)
        features[f"counterparty_risk_{name}"] = known / (max(known, due) + 0.3)
        features[f"counterparty_frauds_{name}"] = log(known + 1e-4)
    return features


def _middle_s(at_s: float, delay_s: float) -> float:
    bucket_s = max(delay_s / (RING - 1), 1.0)
    return (floor((START_S + at_s) / bucket_s) + 0.5) * bucket_s - START_S


def hours_of(value: float) -> float:
    """Return the hours that a time-since feature tells."""
    return (exp(value) - 1) / 3600

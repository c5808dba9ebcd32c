"""How the slow oracles read documents, and what they sum."""

from math import isnan, log, log1p, nan

from stream.events.supply_chain.identifier import comparable

DAY_S = 86400.0
FAST, SLOW, LOAN, STORE, FLOW = 14, 90, 180, 30, 30
KEPT = ("purchase_order", "invoice", "warehouse_receipt", "drawdown")
CLAIMS = KEPT[:3]


def party(event, role):
    found = getattr(event, role, None)
    return None if found is None else comparable(found.id)


def amount_of(event):
    value = getattr(event, "amount_minor", getattr(event, "declared_value_minor", None))
    return nan if value is None else float(value)


def quantity_of(event, name="quantity"):
    value = getattr(event, name, None)
    return nan if value is None else float(value.in_base())


def dimension_of(event):
    value = getattr(event, "quantity", None)
    return None if value is None else value.dimension


def currency_of(event):
    return getattr(event, "currency", None)


def days(event):
    return (event.issue_date.toordinal()) - 719_163


def signed_log(value):
    return log1p(abs(value)) * (1 if value >= 0 else -1) if not isnan(value) else nan


def log_ratio(over, under):
    return log(over / under) if over > 0 and under > 0 else nan


def capped(over, under):
    return min(max(over / under, 0.0), 10.0) if under > 0 else nan


def left(elapsed_s, half_life_days):
    return 2.0 ** (-elapsed_s / (half_life_days * DAY_S))


def newest(events):
    return max((one.occurred_at_s for one in events), default=nan)


def total(events, half_life_days, of, at_s=None):
    at_s = newest(events) if at_s is None else at_s
    return sum(of(one) * left(at_s - one.occurred_at_s, half_life_days) for one in events)


def refs(event):
    return list(dict.fromkeys(one.key for one in event.references if one.type in KEPT))[:4]


def noughts(amount):
    text = str(int(amount))
    return float(len(text) - len(text.rstrip("0")))


def priced(event):
    return bool(getattr(event, "goods_code", None)) and amount_of(event) > 0 and quantity_of(event) > 0


def code(event):
    return event.goods_code, currency_of(event), dimension_of(event)


def log_price(event):
    return log(amount_of(event) / quantity_of(event))

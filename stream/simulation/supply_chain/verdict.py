"""What is true of the documents, kept apart from them, and the labels by which it becomes known."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from stream.simulation.supply_chain.simulate import Origin, Simulated
from stream.simulation.supply_chain.working_time import DAY_S

LEAST_DELAY_DAYS, MOST_DELAY_DAYS = 30.0, 180.0
_REVERSED_SHARE = 0.06
_ACCUSED_SHARE = 0.08
_CLEARED_SHARE = 0.25
_WITHOUT_LOSS_SHARE = 0.12
_SOURCES = ("audit", "insurer", "buyer-confirmation", "recovery")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is true of one event that shows a fraud or a decoy; all others are plain trade.

    Attributes:
        event_id: Of the event.
        line: Its business line.
        is_fraud: Whether it is fraud; a decoy is honest.
        behaviour: Family of fraud, or decoy.
        scheme: Number of the fraud or decoy within the line: events of one belong together.
        occurred_at_s: Event time, epoch seconds.
        label_at_s: When its first label is given, epoch seconds; None of a decoy that nobody looks at.
        loss_minor: What is lost in the end, minor units of `currency`; 0 to the event's amount.
        currency: ISO 4217.
    """

    event_id: str
    line: str
    is_fraud: bool
    behaviour: str
    scheme: int
    occurred_at_s: float
    label_at_s: float | None
    loss_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Truth:
    """Verdicts in event-time order, and labels in the order in which they are given.

    Attributes:
        verdicts: Of frauds and decoys.
        labels: As `fraud-labels` has them (`stream.events.fraud_label`).
    """

    verdicts: list[Verdict]
    labels: list[dict[str, Any]]


def judge(simulated: Simulated, seed: int) -> Truth:
    """Return what is true of simulated documents, and its labels: late, and at times reversed.

    Args:
        simulated: From `simulate_supply_chain`.
        seed: Of all chance.
    """
    generator = np.random.default_rng([seed, 5])
    verdicts, labels = [], []
    for document, origin in zip(simulated.documents, simulated.origins, strict=True):
        if origin.is_act:
            given = list(_labels(document, origin, generator))
            verdict = _verdict(document, origin, given, generator)
            verdicts.append(verdict)
            labels += [_with_loss(one, verdict) for one in given]
    labels.sort(key=lambda one: (one["labelled_at"], one["event_id"]))
    return Truth(verdicts, labels)


def _verdict(
    document: dict[str, Any], origin: Origin, given: list[dict[str, Any]], generator: np.random.Generator
) -> Verdict:
    lost = origin.is_fraud and origin.is_paid and generator.random() >= _WITHOUT_LOSS_SHARE
    share = float(generator.beta(2.0, 1.2)) if lost else 0.0
    return Verdict(
        event_id=document["event_id"],
        line=document["line"],
        is_fraud=origin.is_fraud,
        behaviour=origin.behaviour,
        scheme=origin.scheme,
        occurred_at_s=document["occurred_at_s"],
        label_at_s=datetime.fromisoformat(given[0]["labelled_at"]).timestamp() if given else None,
        loss_minor=int(document["amount_minor"] * share),
        currency=document["currency"],
    )


def _with_loss(label: dict[str, Any], verdict: Verdict) -> dict[str, Any]:
    told = verdict.loss_minor and label["label"] == "fraud" and not label["reverses"]
    return {**label, "loss_minor": verdict.loss_minor} if told else label


def _labels(document: dict[str, Any], origin: Origin, generator: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Yield an event's labels: a fraud's may be reversed and given again, a decoy may be accused and cleared."""
    after = document["occurred_at_s"] + _delay_days(generator) * DAY_S
    drawn = generator.random()
    again = after + generator.uniform(10, 60) * DAY_S
    once_more = again + generator.uniform(10, 60) * DAY_S
    source = _SOURCES[int(generator.integers(len(_SOURCES)))]
    if origin.is_fraud:
        yield _label(document, "fraud", source, after)
        if drawn < _REVERSED_SHARE:
            yield _label(document, "fraud", source, again, reverses=True)
            yield _label(document, "fraud", source, once_more)
    elif drawn < _ACCUSED_SHARE:
        yield _label(document, "fraud", source, after)
        yield _label(document, "fraud", source, again, reverses=True)
    elif drawn < _ACCUSED_SHARE + _CLEARED_SHARE:
        yield _label(document, "genuine", source, after)


def _delay_days(generator: np.random.Generator) -> float:
    """Return how long it takes until a fraud is known: most are known when the claim is overdue."""
    return float(np.clip(LEAST_DELAY_DAYS + generator.gamma(2.2, 22.0), LEAST_DELAY_DAYS, MOST_DELAY_DAYS))


def _label(
    document: dict[str, Any], label: str, source: str, at_s: float, *, reverses: bool = False
) -> dict[str, Any]:  # fmt: skip
    return {
        "event_id": document["event_id"],
        "line": document["line"],
        "label": label,
        "source": source,
        "labelled_at": datetime.fromtimestamp(round(at_s), UTC).isoformat(),
        "reverses": reverses,
    }

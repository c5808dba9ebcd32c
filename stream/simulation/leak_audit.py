"""Shows that no single field and no trivial rule tells the simulator's frauds from its honest payments.

`python -m stream.simulation.leak_audit` prints `docs/simulator.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from metalearn.evaluation.ranking import auc
from stream.simulation.cards import device_names, simulate_cards
from stream.simulation.demo_world import TRAINING_DAYS, TRAINING_LINES, UNSEEN_LINE

Floats = npt.NDArray[np.float64]

ID_FIELDS = ("id", "card", "merchant", "device", "row", "second", "microsecond", "cents_last_digit")
MOST_ID_AUC = 0.55
MOST_FIELD_AUC = 0.80
MOST_RULE_PRECISION = 0.5
RULE_RECALL = 0.3
_CUTS = 24
_LEAST_FRAUDS = 50


@dataclass(frozen=True, slots=True)
class Rule:
    """Two thresholds and how precise they are at a recall of at least 0.3."""

    first: str
    second: str
    precision: float


@dataclass(frozen=True, slots=True)
class LeakReport:
    """What the audit found.

    Attributes:
        fields: AUC, or one minus it where that is greater, of each field and line.
        pooled: The same of each field over all lines.
        rules: The most precise rule of two thresholds of each line.
    """

    fields: dict[str, dict[str, float]]
    pooled: dict[str, float]
    rules: dict[str, Rule]

    def leaks(self) -> list[str]:
        """Return a sentence for everything above its limit."""
        found = [
            f"{name} alone tells frauds apart: AUC {self.pooled[name]:.3f} over all lines"
            for name in ID_FIELDS
            if self.pooled[name] > MOST_ID_AUC
        ]
        found += [
            f"{name} alone tells frauds of {line} apart: AUC {value:.3f}"
            for line, values in self.fields.items()
            for name, value in values.items()
            if value > MOST_FIELD_AUC
        ]
        found += [
            f"{rule.first} and {rule.second} catch frauds of {line} with precision {rule.precision:.2f}"
            for line, rule in self.rules.items()
            if rule.precision > MOST_RULE_PRECISION
        ]
        return found


def audit(table: pa.Table) -> LeakReport:
    """Return what single fields and rules of two thresholds say about fraud.

    Args:
        table: From `simulate_cards`.
    """
    columns = _columns(table)
    label = table["fraud"].to_numpy()
    product = np.asarray(table["product"].to_pylist())
    lines = [line for line in np.unique(product) if label[product == line].sum() >= _LEAST_FRAUDS]
    fields = {
        str(line): {
            name: _either(auc(values[product == line], label[product == line])) for name, values in columns.items()
        }
        for line in lines
    }
    pooled = {name: _either(auc(values, label)) for name, values in columns.items()}
    rules = {str(line): best_rule(columns, label, product == line) for line in lines}
    return LeakReport(fields, pooled, rules)


def _either(value: float) -> float:
    return max(value, 1 - value) if np.isfinite(value) else 0.5


def _number(texts: Any) -> Floats:
    """Return texts as numbers that keep their order, so that order and ranges of ids are audited."""
    return np.unique(np.asarray(texts.to_pylist()), return_inverse=True)[1].astype(np.float64)


def _columns(table: pa.Table) -> dict[str, Floats]:
    micro = table["time"].cast(pa.int64()).to_numpy()
    amount = table["amount"].to_numpy()
    cents = np.rint(amount * 100)
    second = micro / 1e6
    latitude, longitude = table["latitude"].to_numpy(), table["longitude"].to_numpy()
    product = np.asarray(table["product"].to_pylist())
    far = np.zeros(len(amount))
    for line in np.unique(product):
        own = product == line
        far[own] = np.hypot(latitude[own] - np.median(latitude[own]), longitude[own] - np.median(longitude[own]))
    return {
        "id": _number(table["id"]),
        "card": _number(table["card"]),
        "merchant": _number(table["merchant"]),
        "device": _number(table["device"]),
        "row": np.arange(len(amount), dtype=np.float64),
        "second": second % 60,
        "microsecond": (micro % 1_000_000).astype(np.float64),
        "cents_last_digit": cents % 10,
        "amount": amount,
        "round_amount": (cents % 1000 == 0).astype(np.float64),
        "hour": second / 3600 % 24,
        "hour_from_two": np.abs((second / 3600 - 2) % 24 - 12),
        "weekday": second // 86_400 % 7,
        "far_from_middle": far,
        "strange_device": _strange(table),
    }


def _strange(table: pa.Table) -> Floats:
    card = np.array([int(str(one).rpartition("-")[2]) for one in table["card"].to_pylist()])
    strange: Floats = (np.array(device_names(card)) != np.array(table["device"].to_pylist())).astype(np.float64)
    return strange


def best_rule(columns: dict[str, Floats], label: npt.NDArray[np.integer], own: npt.NDArray[np.bool_]) -> Rule:
    """Return the most precise rule of two thresholds that catches 30% of some rows' frauds.

    Args:
        columns: Fields of all rows.
        label: 1 for fraud, of all rows.
        own: Which rows.
    """
    fraud = label[own] == 1
    cut = {name: _cells(values[own]) for name, values in columns.items()}
    best = Rule("", "", 0.0)
    for first, second in combinations(cut, 2):
        precision = _precision(cut[first], cut[second], fraud)
        if precision > best.precision:
            best = Rule(first, second, precision)
    return best


def _cells(values: Floats) -> npt.NDArray[np.int64]:
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _CUTS + 1)[1:-1]))
    return np.searchsorted(edges, values, side="left")


def _precision(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], fraud: npt.NDArray[np.bool_]) -> float:
    shape = (int(first.max()) + 1, int(second.max()) + 1)
    cell = first * shape[1] + second
    frauds = np.bincount(cell[fraud], minlength=shape[0] * shape[1]).reshape(shape)
    events = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    best = 0.0
    for one in (slice(None), slice(None, None, -1)):
        for other in (slice(None), slice(None, None, -1)):
            caught = frauds[one, other].cumsum(0).cumsum(1)
            flagged = events[one, other].cumsum(0).cumsum(1)
            enough = caught >= RULE_RECALL * fraud.sum()
            best = max(best, float((caught[enough] / flagged[enough]).max(initial=0.0)))
    return best


def page(report: LeakReport) -> str:
    """Return `docs/simulator.md`."""
    head = [
        "# The simulator and its leak audit",
        "",
        "Made by `python -m stream.simulation.leak_audit`; a test holds the limits.",
        "",
        f"Each field's AUC for fraud, or one minus it where that is greater; ids and order at most {MOST_ID_AUC} over",
        f"all lines, any field at most {MOST_FIELD_AUC} in any line. The last columns are the most precise rule of two",
        f"thresholds that catches {RULE_RECALL:.0%} of a line's frauds; at most {MOST_RULE_PRECISION}.",
        "",
    ]
    names = list(report.pooled)
    rows = [
        f"| {line} | {' | '.join(f'{values[name]:.2f}' for name in names)} | {_told(report.rules[line])} |"
        for line, values in report.fields.items()
    ]
    pooled = f"| all lines | {' | '.join(f'{report.pooled[name]:.2f}' for name in names)} | |"
    return "\n".join(
        [*head, f"| line | {' | '.join(names)} | best rule |", "|---" * (len(names) + 2) + "|", *rows, pooled, ""]
    )


def _told(rule: Rule) -> str:
    return f"{rule.first}, {rule.second}: {rule.precision:.2f}"


def demo_table(seed: int = 7, days: int = TRAINING_DAYS, lines: Sequence[str] | None = None) -> pa.Table:
    """Return the demo's own payments, all lines or some."""
    profiles = [one for one in (*TRAINING_LINES, UNSEEN_LINE) if lines is None or one.name in lines]
    return simulate_cards(profiles, days, seed)


if __name__ == "__main__":
    print(page(audit(demo_table())), end="")  # noqa: T201 - the page is this command's output

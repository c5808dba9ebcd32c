"""The page that shows what the leak audit found."""

from collections.abc import Sequence

from stream.simulation.leak_audit import MOST_RULE_PRECISION, Rule
from stream.simulation.supply_chain.audit_rules import rules_of, together_of
from stream.simulation.supply_chain.audit_world import audit_lines, natural_lines
from stream.simulation.supply_chain.behaviours import DECOYS, FAMILIES
from stream.simulation.supply_chain.leak_audit import IMPLIED, LeakReport, audit
from stream.simulation.supply_chain.simulate import simulate_supply_chain
from stream.simulation.supply_chain.supply_chain_world import DAYS, supply_chain_world
from stream.simulation.supply_chain.tell import Tell

_MOST_SHOWN = 4
_LINES_OF_A_KIND = 4
_SEED = 3
_HEAD = """\
# The supply-chain economy and its leak audit

Made by `python -m stream.simulation.supply_chain.audit_page`; a test holds the limits on a smaller world.

`python -m stream.simulation.supply_chain --out DIR --seed N` writes a year of {lines} lines: five kinds, eight sectors,
twelve countries. Each line mixes two families of fraud and has three decoys, honest behaviours that look like fraud. No
pair of families is in two of training, validation and test; every test line has a family that the others never show.

| file | what |
|---|---|
| `documents.jsonl`, `.parquet` | documents in event-time order ([supply_chain.md](supply_chain.md)), no truth |
| `truth.parquet` | frauds and decoys: event, family, scheme, time of the first label, loss in minor units |
| `labels.jsonl` | labels after 30 to 180 days, some reversed, for `foreshot label --file` |
| `events.parquet`, `lines.yaml` | documents with a column `fraud`, for `train`, `backtest` and `evaluate` |

`foreshot evaluate --tasks tasks/supply_chain.yaml --data DIR --out OUT` judges few-shot models on it.

## Families of fraud

The labelled event is the request for money; of diluted receivables the credit note, of own money the repayment. Their
parameters differ between lines (`fraud_traits.py`).

| family | what is done | kinds of line |
|---|---|---|
{families}

## Decoys

| decoy | what is done | kinds of line |
|---|---|---|
{decoys}

In every line some sellers round amounts by habit, some numbers are misread, some names are spelt otherwise, some sales
have no order or no bill of lading, and some buyers are new.

## The audit

Fields are those of one document by itself. Each fraud's document is put among the honest ones of its type and line,
decoys included; the AUC is the mean of these places. The greater of a field's AUC and that of its distance from the
middle is shown, or one minus it. A seller counts once. A field may lie 0.06 beyond 0.5, or 4.5 standard errors where
that is more; what a family openly implies, in brackets, may lie beyond.

Fields: {fields}.
"""


def page(report: LeakReport, rules: dict[str, Rule], together: dict[str, float], lines: int) -> str:
    """Return `docs/supply_chain_simulator.md`."""
    fields = sorted({field for found in (*report.acts.values(), *report.papers.values()) for field in found})
    head = _HEAD.format(
        lines=lines,
        families="\n".join(_row(name, one.make.__doc__, one.kinds) for name, one in FAMILIES.items()),
        decoys="\n".join(_row(name, one.make.__doc__, one.kinds) for name, one in DECOYS.items()),
        fields=", ".join(fields),
    )
    return "\n".join([
        head,
        "### Documents that show a fraud",
        "",
        "The last column is the AUC of boosted trees on all fields of one request together, on other lines.",
        "",
        "| family | sellers | may be | the most telling fields | all together |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {_shown(found, IMPLIED.get(name, ()))} | {_figure(together.get(name))} |"
            for name, found in report.acts.items()
        ),
        "",
        "### All documents of a fraudulent deal",
        "",
        "| type | sellers | may be | the most telling fields |",
        "|---|---|---|---|",
        *(f"| {kind} | {_shown(found, ())} |" for kind, found in report.papers.items()),
        "",
        "### Rules",
        "",
        "The most precise rule of two thresholds on one request that catches 30% of a line's frauds, thirty a year;",
        f"at most {MOST_RULE_PRECISION}.",
        "",
        "| line | fields | precision |",
        "|---|---|---|",
        *(f"| {line} | {rule.first}, {rule.second} | {rule.precision:.2f} |" for line, rule in rules.items()),
        "",
    ])  # fmt: skip


def _row(name: str, doc: str | None, kinds: Sequence[str]) -> str:
    return f"| `{name}` | {(doc or '').strip()} | {', '.join(kinds)} |"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _shown(found: dict[str, Tell], implied: Sequence[str]) -> str:
    most = sorted(found.items(), key=lambda item: -item[1].auc)[:_MOST_SHOWN]
    words = [f"({name} {tell.auc:.2f})" if name in implied else f"{name} {tell.auc:.2f}" for name, tell in most]
    widest = max(found.values(), key=lambda tell: tell.sellers)
    return f"{widest.sellers} | {widest.limit:.2f} | {', '.join(words)}"


def main() -> None:
    """Print the page."""
    wide = simulate_supply_chain(audit_lines(_LINES_OF_A_KIND), DAYS, _SEED)
    natural = simulate_supply_chain(natural_lines(), DAYS, _SEED)
    lines = len(supply_chain_world().lines)
    print(page(audit(wide), rules_of(natural), together_of(wide), lines), end="")  # noqa: T201 - its output


if __name__ == "__main__":
    main()

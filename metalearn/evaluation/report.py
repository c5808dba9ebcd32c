"""The few-shot table as a page that needs nothing else."""

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from metalearn.evaluation.curve_plot import curves

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
table{border-collapse:collapse;margin:1rem 0}th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid #d8dee4}
th:first-child,td:first-child{text-align:left}th{font-weight:600}small{color:#57606a}
.best{font-weight:700}.ours td:first-child{color:#0a5}text{font:12px system-ui}
.note{border-left:4px solid #b3261e;padding:.3rem .8rem;background:#fbeceb}"""
_FIGURES = {
    "auc": "AUC",
    "recall_at_1pct_alerts": "Recall at 1 % alerts",
    "brier": "Brier score",
    "adapt_ms": "Milliseconds to adapt",
}


def write_report(path: Path, title: str, found: dict[str, Any]) -> None:
    """Write the page.

    Args:
        path: Of the page.
        title: What was evaluated.
        found: As in `results.json`.
    """
    kinds = {row["method"]: row["kind"] for row in found["rows"]}
    counts = list(found["summary"])
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        f"<p>Mean average precision over {len(found['lines'])} lines, {found['plan']['draws']} supports of each line and K, with 95 % t intervals over lines. Every setting was chosen on validation lines.</p>",
        *(f'<p class="note">{html.escape(one["method"])} is left out: {html.escape(one["reason"])}</p>'
          for one in found["failed"]),
        _winners(found, counts),
        curves(found["summary"], kinds),
        _main_table(found, kinds, counts),
        _paired_table(found, counts),
        *(f"<h2>{name}</h2>{_figure_table(found['figures'][key], kinds, counts)}" for key, name in _FIGURES.items()),
        _controls(found["controls"]),
        _lines(found),
    ]  # fmt: skip
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style>{''.join(parts)}</html>"
    )
    path.write_text(page, encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], classes: Sequence[str] = ()) -> str:
    """Return an HTML table of cells that are HTML already."""
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join(
        f'<tr class="{classes[at] if classes else ""}">' + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"
        for at, row in enumerate(rows)
    )
    return f"<table><tr>{top}</tr>{body}</table>"


def number(value: float | None, digits: int = 3) -> str:
    """Return a number, a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def with_interval(one: dict[str, Any] | None, sign: str = "") -> str:
    """Return a mean with half of its interval's width."""
    if one is None or one["mean"] is None:
        return "-"
    half = "" if one["high"] is None else f" <small>± {one['high'] - one['mean']:.3f}</small>"
    return f"{one['mean']:{sign}.3f}{half}"


def _winners(found: dict[str, Any], counts: Sequence[str]) -> str:
    told = "; ".join(f"K = {count}: <b>{html.escape(found['winner'][count] or 'nobody')}</b>" for count in counts)
    return f"<p>Highest mean: {told}.</p>"


def _main_table(found: dict[str, Any], kinds: dict[str, str], counts: Sequence[str]) -> str:
    rows = []
    for method in kinds:
        cells = []
        for count in counts:
            cell = with_interval(found["summary"][count].get(method))
            cells.append(f'<span class="best">{cell}</span>' if found["winner"][count] == method else cell)
        rows.append([html.escape(method), *cells, number(found["training_s"].get(method), 1)])
    head = ["method", *(f"K = {count}" for count in counts), "training, s"]
    return table(head, rows, list(kinds.values()))


def _paired_table(found: dict[str, Any], counts: Sequence[str]) -> str:
    there = [count for count in counts if found["paired"].get(count)]
    if not there:
        return ""
    rows = []
    for count in there:
        one = found["paired"][count]
        won = f"{one['lines_won']} of {one['lines']}"
        rows.append([f"K = {count}", html.escape(one["baseline"]), with_interval(one, "+"), won])
    crossovers = "; ".join(
        f"{html.escape(other)}: {'never' if count is None else f'from K = {count}'}"
        for other, count in found["crossover_k"].items()
    )
    head = ["", "best baseline", "ours less the best baseline", "lines won"]
    return f"<h2>Against the best baseline</h2>{table(head, rows)}<p>Above to the largest K: {crossovers}.</p>"


def _figure_table(by_count: dict[str, dict[str, float]], kinds: dict[str, str], counts: Sequence[str]) -> str:
    rows = [[html.escape(method), *(number(by_count[count].get(method)) for count in counts)] for method in kinds]
    return table(["method", *(f"K = {count}" for count in counts)], rows, list(kinds.values()))


def _controls(controls: dict[str, Any]) -> str:
    rows = []
    for name, by_count in controls.items():
        for count, one in by_count.items():
            pair = one["paired"]
            against = "-" if pair is None else f"{with_interval(pair, '+')} ({html.escape(pair['other'])})"
            for method, told in one["methods"].items():
                first = pair is not None and method == pair["first"]
                rows.append([
                    html.escape(name.replace("_", " ")), count, html.escape(method),
                    with_interval(told["average_precision"]), with_interval(told["difference"], "+"),
                    against if first else "",
                ])  # fmt: skip
    if not rows:
        return ""
    head = ["control", "K", "method", "average precision", "less the undamaged", "ours less the best baseline"]
    return f"<h2>Controls</h2>{table(head, rows)}"


def _lines(found: dict[str, Any]) -> str:
    rows = [
        [html.escape(one["line"]), f"{one['rows']:,}", f"{one['frauds']:,}", f"{one['prevalence']:.2%}",
         f"{one['query_rows']:,}", f"{one['query_frauds']:,}"]
        for one in found["lines"]
    ]  # fmt: skip
    head = ["line", "rows", "frauds", "prevalence", "query rows", "query frauds"]
    left = "".join(f"<li>{html.escape(one['line'])}: {html.escape(one['reason'])}</li>" for one in found["skipped"])
    return f"<h2>Lines</h2>{table(head, rows)}" + (f"<p>Left out:</p><ul>{left}</ul>" if left else "")

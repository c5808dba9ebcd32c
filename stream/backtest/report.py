"""What a backtest writes: `scores.parquet`, `metrics.json`, `report.html`."""

import html
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from stream.adaptation.adaptation_record import AdaptationRecord
from stream.events.history import History
from stream.events.scored_event import ScoredEvent

_NAMES = {
    "auc": "AUC",
    "average_precision": "average precision",
    "card_precision_at_100": "card precision at 100",
    "recall_at_1pct_alerts": "recall at 1 % alerts",
    "value_detection_rate": "value detected at 1 % alerts",
    "events": "events",
    "frauds": "frauds",
}
_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{padding:.3rem .6rem;text-align:right;border-bottom:1px solid #d8dee4}
th:first-child,td:first-child{text-align:left}th{font-weight:600}
.note{border-left:4px solid #b3261e;padding:.3rem .8rem;background:#fbeceb}.bar{fill:#2f6f9f}text{font:12px system-ui}"""


def write_scores(path: Path, history: History, events: list[ScoredEvent], rows: npt.NDArray[np.int64]) -> None:
    """Write one row for each scored event, with its label as far as the file knows it.

    Args:
        path: Of the file.
        history: All events.
        events: The scored ones.
        rows: Which row of history each of them is.
    """
    known = history.label[rows].tolist()
    table = pa.table(
        {
            "event_id": [event.event_id for event in events],
            "line": [event.line for event in events],
            "occurred_at": pa.array(
                np.array([event.occurred_at_s * 1e6 for event in events], np.int64), pa.timestamp("us", "UTC")
            ),
            "score": [event.score for event in events],
            "anomaly": [event.anomaly for event in events],
            "alerted": [event.alerted for event in events],
            "weights_version": [event.weights_version for event in events],
            "label": pa.array([None if one < 0 else one for one in known], pa.int8()),
        }
    )
    pq.write_table(table, path)


def write_metrics(path: Path, found: dict[str, Any]) -> None:
    """Write the figures as JSON."""
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def write_report(path: Path, found: dict[str, Any], adaptations: list[AdaptationRecord], notes: list[str]) -> None:
    """Write a page that needs nothing else.

    Args:
        path: Of the page.
        found: As in `metrics.json`.
        adaptations: All that were made.
        notes: What a reader must know before the figures.
    """
    weeks = [{"week": week["start"], **week} for week in found["weeks"]]
    lines = [{"line": line, **one} for line, one in found["lines"].items()]
    accepted = sum(one.outcome == "accepted" for one in adaptations)
    page = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Backtest</title><style>{_STYLE}</style>
<h1>Backtest</h1>
{"".join(f'<p class="note">{html.escape(note)}</p>' for note in notes)}
<p>Mean over {len(weeks)} weeks; cards known to be compromised are left out of the weeks.
{len(adaptations)} adaptations, of which the gate accepted {accepted}.</p>
{_table("overall", [{"overall": "mean", **found["overall"]}])}
<h2>Weeks</h2>{_bars(weeks)}{_table("week", weeks)}
<h2>Lines</h2>{_table("line", lines)}
</html>"""
    path.write_text(page, encoding="utf-8")


def _table(first: str, rows: list[dict[str, Any]]) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in (first, *_NAMES.values()))
    body = "".join(
        "<tr>"
        f"<td>{html.escape(str(row[first]))}</td>"
        + "".join(f"<td>{_cell(row[name])}</td>" for name in _NAMES)
        + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}"


def _bars(weeks: list[dict[str, Any]]) -> str:
    bars = []
    for at, week in enumerate(weeks):
        height = 120 * (week["average_precision"] or 0.0)
        bars.append(
            f'<rect class="bar" x="{at * 90 + 10}" y="{130 - height:.1f}" width="60" height="{height:.1f}"/>'
            f'<text x="{at * 90 + 40}" y="{125 - height:.1f}" text-anchor="middle">{_cell(week["average_precision"])}</text>'
            f'<text x="{at * 90 + 40}" y="146" text-anchor="middle">{html.escape(week["week"])}</text>'
        )
    width = max(len(weeks) * 90, 90)
    return f'<svg role="img" aria-label="average precision by week" width="{width}" height="155">{"".join(bars)}</svg>'

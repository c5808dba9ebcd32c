"""A study's page: the table, what was reached beside what was asked, and the trainings' losses; needs nothing else."""

import html
import math
from collections.abc import Sequence

from metalearn.study.result import Result

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:68rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{padding:.3rem .6rem;text-align:left}
td,th{border-bottom:1px solid #d8dee4}.missed{color:#b3261e;font-weight:600}.bar{fill:#2f6f9f}.range{stroke:#1b1f24}
polyline{fill:none;stroke-width:1.5}text{font:12px system-ui}"""
_COLOURS = ("#2f6f9f", "#b3261e", "#3f7d3a", "#8a5a00", "#6a3d9a", "#1b8a8a", "#a0527a", "#555555", "#c06000")
_WIDTH, _LEFT, _ROW = 860, 260, 22


def verdict(met: bool | None) -> str:  # noqa: FBT001 - a value, not a switch
    """Return a target's outcome in a word."""
    return {True: "yes", False: "no", None: ""}[met]


def page(title: str, results: Sequence[Result], notes: Sequence[str]) -> str:
    """Return the page as HTML."""
    parts = [f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>']
    parts.append(f"<style>{_STYLE}</style><h1>{html.escape(title)}</h1>")
    parts += [f"<p>{html.escape(note)}</p>" for note in notes]
    for protocol in dict.fromkeys(one.protocol for one in results):
        own = [one for one in results if one.protocol == protocol]
        parts += [f"<h2>{html.escape(protocol)}</h2>", _table(own), _bars(own), _curves(own)]
    return "\n".join(parts) + "</html>\n"


def _table(results: Sequence[Result]) -> str:
    head = "".join(
        f"<th>{name}</th>" for name in ("method", "published", "reached", "95 %", "target", "met", "s", "note")
    )
    return f"<table><tr>{head}</tr>{''.join(_line(one) for one in results)}</table>"


def _line(one: Result) -> str:
    interval = "" if one.diverged else f"{one.interval[0]:.3f} to {one.interval[1]:.3f}"
    seconds = f"{one.seconds:.0f}" if one.seconds else ""
    texts = (one.method, one.published, one.shown(), interval, one.target, verdict(one.met), seconds, one.note)
    cells = "".join(f"<td>{html.escape(text)}</td>" for text in texts)
    return f'<tr class="missed">{cells}</tr>' if one.met is False else f"<tr>{cells}</tr>"


def _bars(results: Sequence[Result]) -> str:
    finite = [one for one in results if not one.diverged]
    most = max((one.interval[1] for one in finite), default=0.0) or 1.0
    scale = (_WIDTH - _LEFT - 60) / most
    parts = []
    for at, one in enumerate(finite):
        y = at * _ROW
        low, high = (_LEFT + scale * max(end, 0.0) for end in one.interval)
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y + 15}" text-anchor="end">{html.escape(one.method)}</text>'
            f'<rect class="bar" x="{_LEFT}" y="{y + 4}" width="{scale * one.reached:.1f}" height="13"/>'
            f'<line class="range" x1="{low:.1f}" x2="{high:.1f}" y1="{y + 10}" y2="{y + 10}"/>'
            f'<text x="{high + 6:.1f}" y="{y + 15}">{one.reached:.3f}</text>'
        )
    return _svg("reached, with its 95 % interval", len(finite) * _ROW + 6, parts)


def _curves(results: Sequence[Result]) -> str:
    """Draw each training's loss over its course, on a logarithmic scale."""
    drawn = [one for one in results if one.curve and all(0 < value < math.inf for value in one.curve)]
    if not drawn:
        return ""
    logs = [[math.log10(value) for value in one.curve] for one in drawn]
    low, high = min(min(one) for one in logs), max(max(one) for one in logs)
    height, span = 220, max(high - low, 1e-9)
    parts = [f'<text x="4" y="12">{10**high:.3g}</text><text x="4" y="{height}">{10**low:.3g}</text>']
    for at, (one, values) in enumerate(zip(drawn, logs, strict=True)):
        colour = _COLOURS[at % len(_COLOURS)]
        step = (_WIDTH - _LEFT - 50) / max(len(values) - 1, 1)
        points = " ".join(
            f"{50 + i * step:.1f},{8 + (high - value) / span * (height - 12):.1f}" for i, value in enumerate(values)
        )
        parts.append(
            f'<polyline stroke="{colour}" points="{points}"/>'
            f'<text x="{_WIDTH - _LEFT + 12}" y="{at * 18 + 14}" fill="{colour}">{html.escape(one.method)}</text>'
        )
    return _svg("loss in the course of training", max(height + 6, len(drawn) * 18 + 6), parts)


def _svg(label: str, height: int, parts: Sequence[str]) -> str:
    name = html.escape(label)
    drawing = f'<svg role="img" aria-label="{name}" width="{_WIDTH}" height="{height}">{"".join(parts)}</svg>'
    return f"<figure>{drawing}<figcaption>{name}</figcaption></figure>"

"""Average precision against K, a curve for each method, as inline SVG."""

import html
from collections.abc import Mapping
from typing import Any

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 900, 380, 50, 15, 210, 35
_GREYS = ("#8c959f", "#57606a", "#a371f7", "#bf8700", "#0969da", "#cf222e", "#1b7c83", "#bc4c00")
_OURS = "#0a5"
_SHOWN = 7


def curves(summary: Mapping[str, Mapping[str, Mapping[str, Any]]], kinds: Mapping[str, str]) -> str:
    """Return the plot: ours and the baselines that are best at any K.

    Args:
        summary: By K and method, mean, low and high; None where there is none.
        kinds: By method.
    """
    counts = list(summary)
    methods = _chosen(summary, kinds)
    if not methods or not counts:
        return ""
    most = max((summary[count][one]["high"] or summary[count][one]["mean"] or 0.0)
               for count in counts for one in methods if one in summary[count])  # fmt: skip
    top = min(max(most, 0.05) * 1.05, 1.0)
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(counts) - 1, 1)

    def point(at: int, value: float) -> tuple[float, float]:
        return _LEFT + at * step, _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / top)

    drawn = [_axes(counts, top, point)]
    for number, method in enumerate(methods):
        colour = _OURS if kinds[method] == "ours" else _GREYS[number % len(_GREYS)]
        drawn.append(_curve(method, colour, kinds[method] == "ours", summary, counts, point))
        y = _TOP + 16 * number + 8
        drawn.append(
            f'<rect x="{_WIDTH - _RIGHT + 20}" y="{y - 4}" width="14" height="4" fill="{colour}"/>'
            f'<text x="{_WIDTH - _RIGHT + 40}" y="{y + 2}">{html.escape(method)}</text>'
        )
    return f'<svg role="img" aria-label="average precision by K" width="{_WIDTH}" height="{_HEIGHT}">{"".join(drawn)}</svg>'


def _chosen(summary: Mapping[str, Mapping[str, Mapping[str, Any]]], kinds: Mapping[str, str]) -> list[str]:
    def best(method: str) -> float:
        ranks = [sorted(-(one["mean"] or 0.0) for one in table.values()).index(-(table[method]["mean"] or 0.0))
                 for table in summary.values() if method in table]  # fmt: skip
        return min(ranks, default=len(kinds)) + sum(ranks) / (100 * max(len(ranks), 1))

    ours = [method for method, kind in kinds.items() if kind == "ours"]
    others = sorted((method for method, kind in kinds.items() if kind != "ours"), key=best)
    return [*ours, *others[:_SHOWN]]


def _axes(counts: list[str], top: float, point: Any) -> str:
    parts = []
    for at, count in enumerate(counts):
        x, y = point(at, 0.0)
        parts.append(f'<text x="{x:.1f}" y="{y + 20:.1f}" text-anchor="middle">K = {html.escape(count)}</text>')
    for tick in range(6):
        value = top * tick / 5
        (x, y), (end, _) = point(0, value), point(len(counts) - 1, value)
        parts.append(
            f'<line x1="{x:.1f}" x2="{end:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d8dee4"/>'
            f'<text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{value:.2f}</text>'
        )
    return "".join(parts)


def _curve(method: str, colour: str, wide: bool, summary: Any, counts: list[str], point: Any) -> str:  # noqa: FBT001 - of one caller
    there = [(at, summary[count][method]) for at, count in enumerate(counts)
             if method in summary[count] and summary[count][method]["mean"] is not None]  # fmt: skip
    path = " ".join("{:.1f},{:.1f}".format(*point(at, one["mean"])) for at, one in there)
    bars = ""
    if wide:
        for at, one in there:
            if one["low"] is not None:
                (x, high), (_, low) = point(at, one["high"]), point(at, max(one["low"], 0.0))
                bars += f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{high:.1f}" y2="{low:.1f}" stroke="{colour}"/>'
    width = 3 if wide else 1.5
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>{bars}'

"""`foreshot demo`: everything on one machine, with simulated lines."""

from pathlib import Path
from typing import Any

import click

from stream.commands.out_folder import make_folder
from stream.commands.output import json_option, print_json, print_table, progress_bar

_EPILOG = """Examples:

  foreshot demo

  foreshot demo --labels 5 --json

  foreshot demo --out out && docker compose up      goes on from the demo's initialisation
"""


@click.command("demo", epilog=_EPILOG)
@click.option(
    "--labels",
    type=click.IntRange(1, 200),
    default=20,
    show_default=True,
    help="Frauds of the new line of payments that are labelled.",
)
@click.option(
    "--document-labels",
    type=click.IntRange(1, 30),
    default=5,
    show_default=True,
    help="Frauds of the new line of supply-chain finance that are labelled.",
)
@click.option(
    "--events-per-second",
    type=click.FloatRange(10),
    default=1_000.0,
    show_default=True,
    help="Pace while latency is measured.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 2), default=7, show_default=True, help="Of all chance.")
@click.option(
    "--lines",
    type=click.Path(path_type=Path),
    default=Path("lines/demo"),
    show_default=True,
    help="The demo's line files.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that keeps the summary, initialisation, events and lines.",
)
@json_option
def command(
    labels: int,
    document_labels: int,
    events_per_second: float,
    seed: int,
    lines: Path,
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    """Train on simulated lines, start Kafka and both workers, feed live events, label, and say what came of it.

    It takes some minutes, ends by itself and leaves no process.
    """
    # Torch, numba and Kafka take seconds to import; help does not need them.
    from stream.demo.run import DemoPlan, run_demo  # noqa: PLC0415
    from stream.one_core import use_one_core  # noqa: PLC0415

    use_one_core()
    if out is not None:
        make_folder(out, "--out")
    plan = DemoPlan(seed=seed, labels=labels, document_labels=document_labels, per_second=events_per_second)
    with progress_bar(hidden=as_json) as bar:
        summary = run_demo(plan, lines, bar, out)
    if as_json:
        print_json(summary)
    else:
        print_table("Foreshot demo", ("what", "value"), list(_rows(summary)))


def _rows(found: dict[str, Any], above: str = "") -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for name, value in found.items():
        label = f"{above}{name}".replace("_", " ")
        if isinstance(value, dict):
            rows += _rows(value, f"{label}: ")
        else:
            rows.append((label, "; ".join(value) if isinstance(value, list) else value))
    return rows

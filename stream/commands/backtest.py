"""`foreshot backtest`: the same pipeline over history, without Kafka."""

from pathlib import Path

import click

from stream.commands.history_options import epoch_s, history_options, read_chosen
from stream.commands.output import json_option, print_json, print_table, progress_bar

_EPILOG = """Example:

  foreshot backtest --lines lines/card_handbook.yaml --events transactions.parquet --init init.safetensors --out out

Weeks are counted back from the last day. Without --weeks-from they start when the initialisation's training data ends.
"""
_COLUMNS = ("auc", "average_precision", "card_precision_at_100", "recall_at_1pct_alerts", "events", "frauds")


@click.command("backtest", epilog=_EPILOG)
@history_options("--lines")
@click.option("--init", "init", required=True, type=click.Path(path_type=Path), help="The shared initialisation.")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the results.")
@click.option(
    "--weeks-from", metavar="TIME", help="Judge weeks from this time on; all earlier events warm up the state."
)
@click.option("--label-horizon-days", default=90.0, show_default=True, help="How long features wait for a label.")
@json_option
def command(
    lines: tuple[Path, ...],
    events: Path,
    since: str | None,
    until: str | None,
    init: Path,
    out: Path,
    weeks_from: str | None,
    label_horizon_days: float,
    *,
    as_json: bool,
) -> None:
    """Score history as the stream would have, and say how good the scores are."""
    # Numba takes seconds to import; help and wrong usage do not need it.
    import numpy as np  # noqa: PLC0415

    from stream.backtest.figures import figures, scored  # noqa: PLC0415
    from stream.backtest.report import write_metrics, write_report, write_scores  # noqa: PLC0415
    from stream.backtest.run import Backtest, run_backtest  # noqa: PLC0415
    from stream.events.scored_event import ScoredEvent  # noqa: PLC0415
    from stream.features.specification import feature_hash  # noqa: PLC0415
    from stream.one_core import use_one_core  # noqa: PLC0415
    from stream.scoring.initialisation import load_initialisation  # noqa: PLC0415

    use_one_core()
    initialisation = load_initialisation(init, feature_hash())
    history = read_chosen(lines, events, since, until)
    first = weeks_from or initialisation.manifest.until
    backtest = Backtest(history.lines, initialisation, label_horizon_days * 86_400.0)
    found: list[ScoredEvent] = []
    with progress_bar(hidden=as_json) as bar:
        task = bar.add_task("backtest", total=len(history.batch))
        run_backtest(history, backtest, found.extend, lambda done: bar.advance(task, done))
    scores = np.full(len(history.batch), np.nan)
    row_of = {key: row for row, key in enumerate(zip(history.batch.line, history.batch.event_id, strict=True))}
    for event in found:
        scores[row_of[event.line, event.event_id]] = event.score
    made = figures(scored(history, scores), epoch_s(first, "--weeks-from") if first else None)
    out.mkdir(parents=True, exist_ok=True)
    write_scores(out / "scores.parquet", history, found)
    write_metrics(out / "metrics.json", made)
    write_report(out / "report.html", made, backtest.adaptations)
    if as_json:
        print_json(made)
        return
    rows = [(week["start"], *(_shown(week[name]) for name in _COLUMNS)) for week in made["weeks"]]
    rows.append(("mean", *(_shown(made["overall"][name]) for name in _COLUMNS)))
    print_table(
        f"Backtest, {len(backtest.adaptations)} adaptations; all results are in {out}", ("week", *_COLUMNS), rows
    )


def _shown(value: float | None) -> object:
    return "-" if value is None else value

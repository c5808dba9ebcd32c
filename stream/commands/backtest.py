"""`foreshot backtest`: the same pipeline over history, without Kafka."""

import time
from pathlib import Path

import click

from stream.commands.history_options import epoch_s, history_options, read_chosen
from stream.commands.key_options import trusted_option
from stream.commands.out_folder import make_folder
from stream.commands.output import json_option, print_json, print_table, progress_bar
from stream.commands.positive_number import PositiveNumber
from stream.settings import load_settings

_EPILOG = """Example:

  foreshot backtest --lines lines/card_handbook.yaml --events transactions.parquet --init init.safetensors --out out

Weeks are counted back from the last day. Without --weeks-from those are judged that come after the moment until which
the initialisation knew labels. Where there is none, all weeks are, and a warning, the page and "in_sample" of
metrics.json say that these figures are in-sample.
"""
_COLUMNS = ("auc", "average_precision", "card_precision_at_100", "recall_at_1pct_alerts", "events", "frauds")


@click.command("backtest", epilog=_EPILOG)
@history_options("--lines")
@click.option("--init", "init", required=True, type=click.Path(path_type=Path), help="The shared initialisation.")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the results.")
@click.option(
    "--weeks-from", metavar="TIME", help="Judge weeks from this time on; all earlier events warm up the state."
)
@click.option(
    "--label-horizon-days",
    type=PositiveNumber(),
    default=90.0,
    show_default=True,
    help="How long features wait for a label, where a line names no label_horizon; three label delays if more.",
)
@trusted_option
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
    trusted_key_files: str | None,
    *,
    as_json: bool,
) -> None:
    """Score history as the stream would have, and say how good the scores are."""
    # Numba takes seconds to import; help and wrong usage do not need it.
    import numpy as np  # noqa: PLC0415

    from stream.backtest.figures import figures, scored  # noqa: PLC0415
    from stream.backtest.judged_weeks import judged_weeks  # noqa: PLC0415
    from stream.backtest.missing_figures import missing_figures  # noqa: PLC0415
    from stream.backtest.report import write_metrics, write_report, write_scores  # noqa: PLC0415
    from stream.backtest.run import Backtest, run_backtest  # noqa: PLC0415
    from stream.backtest.scored_rows import scored_rows  # noqa: PLC0415
    from stream.events.line_file import load_lines  # noqa: PLC0415
    from stream.events.scored_event import ScoredEvent  # noqa: PLC0415
    from stream.features.specification import specification_of  # noqa: PLC0415
    from stream.one_core import use_one_core  # noqa: PLC0415
    from stream.scoring.initialisation import load_initialisation  # noqa: PLC0415
    from stream.weights_keys import trust_of  # noqa: PLC0415

    use_one_core()
    trust = trust_of(load_settings(trusted_key_files=trusted_key_files))
    weeks_from_s = epoch_s(weeks_from, "--weeks-from") if weeks_from else None
    declared = load_lines(list(lines))
    initialisation = load_initialisation(init, specification_of(declared.values()), trust)
    known_until = initialisation.manifest.until
    history = read_chosen(lines, events, since, until)
    make_folder(out, "--out")
    judged = judged_weeks(
        history.batch.occurred_at_s, weeks_from_s, epoch_s(known_until, f"{init}: until") if known_until else None
    )
    backtest = Backtest(history.lines, initialisation, label_horizon_days * 86_400.0)
    found: list[ScoredEvent] = []
    began_s = time.monotonic()
    with progress_bar(hidden=as_json) as bar:
        task = bar.add_task("backtest", total=len(history.batch))
        run_backtest(history, backtest, found.extend, lambda done: bar.advance(task, done))
    pace = len(history.batch) / (time.monotonic() - began_s)
    scores = np.full(len(history.batch), np.nan)
    rows = scored_rows(history.batch, found)
    scores[rows] = [event.score for event in found]
    made = figures(scored(history, scores), judged)
    notes = _notes(judged.in_sample, missing_figures(made, history.lines, judged.too_short))
    write_scores(out / "scores.parquet", history, found, rows)
    write_metrics(out / "metrics.json", made)
    write_report(out / "report.html", made, backtest.adaptations, notes)
    for note in notes:
        click.echo(f"foreshot backtest: {note}", err=True)
    if as_json:
        print_json(made)
        return
    shown = [(week["start"], *(_shown(week[name]) for name in _COLUMNS)) for week in made["weeks"]]
    shown.append(("mean", *(_shown(made["overall"][name]) for name in _COLUMNS)))
    print_table(
        f"Backtest, {len(backtest.adaptations)} adaptations, {pace:,.0f} events a second; all results are in {out}",
        ("week", *_COLUMNS),
        shown,
    )


def _notes(in_sample: str, missing: list[str]) -> list[str]:
    notes = [f"warning: in-sample figures: {in_sample}"] if in_sample else []
    return [*notes, f"some figures are empty: {'; '.join(missing)}"] if missing else notes


def _shown(value: float | None) -> object:
    return "-" if value is None else value

"""`foreshot train`: meta-trains a shared initialisation from history."""

from dataclasses import replace
from datetime import UTC, datetime
from math import isnan
from pathlib import Path

import click
from rich.progress import Progress, TaskID

from stream.commands.history_options import epoch_s, history_options, read_chosen
from stream.commands.key_options import signing_option
from stream.commands.out_folder import make_folder
from stream.commands.output import json_option, print_json, progress_bar, say_above
from stream.settings import load_settings

_EPILOG = """Example:

  foreshot train --lines lines/card_handbook.yaml --events transactions.parquet --until 2018-07-11 --out init.st
"""


@click.command("train", epilog=_EPILOG)
@history_options("--lines")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File of the initialisation."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Of all chance in training."
)
@click.option("--pooled-steps", type=click.IntRange(1), help="Steps of the warm start.")
@click.option("--meta-steps", type=click.IntRange(0), help="Steps over episodes.")
@click.option(
    "--episodes",
    type=click.IntRange(0),
    default=3_000,
    show_default=True,
    help="Of the few-shot model, for lines that are new; 0 trains none.",
)
@signing_option
@json_option
def command(
    lines: tuple[Path, ...],
    events: Path,
    since: str | None,
    until: str | None,
    out: Path,
    seed: int,
    pooled_steps: int | None,
    meta_steps: int | None,
    episodes: int,
    *,
    as_json: bool,
    signing_key_file: str | None,
) -> None:
    """Train on labels that were known before --until, and write the initialisation to --out.

    Without --until that is the last event's time: what was known then. The initialisation says
    until when it knew labels, and `foreshot backtest` judges the weeks after.

    A training that was interrupted goes on where its last checkpoint stands (OUT.training);
    one with other events or options starts anew.
    """
    # Torch and numba take seconds to import; help and wrong usage do not need them.
    from metalearn.few_shot.adapted_head import HeadPlan  # noqa: PLC0415
    from metalearn.few_shot.episode_bank import BankPlan  # noqa: PLC0415
    from metalearn.few_shot.training import FewShotPlan  # noqa: PLC0415
    from metalearn.training import TrainingPlan  # noqa: PLC0415
    from stream.backtest.feature_pass import features_of  # noqa: PLC0415
    from stream.backtest.learnable import left_out, require_labels  # noqa: PLC0415
    from stream.backtest.line_kinds import different_kinds  # noqa: PLC0415
    from stream.backtest.train import train_initialisation, training_data  # noqa: PLC0415
    from stream.one_core import use_one_core  # noqa: PLC0415
    from stream.weights_keys import signer_of  # noqa: PLC0415

    use_one_core()
    # Before the hours of training: a key that cannot be read is said at once.
    signer = signer_of(load_settings(signing_key_file=signing_key_file))
    history = read_chosen(lines, events, since, until)
    require_labels(history.lines)
    make_folder(out.parent, "--out")
    until_s = epoch_s(until, "--until") if until else float(history.batch.occurred_at_s[-1])
    known_until = until or datetime.fromtimestamp(until_s, UTC).isoformat()
    plan = replace(TrainingPlan(), seed=seed)
    if pooled_steps is not None:
        plan = replace(plan, pooled_steps=pooled_steps)
    if meta_steps is not None:
        plan = replace(plan, meta_steps=meta_steps)
    checkpoint = out.with_suffix(out.suffix + ".training")
    with progress_bar(hidden=as_json) as bar:
        notice = say_above(bar, "foreshot train")
        task = bar.add_task("features", total=len(history.batch))
        features, fresh = features_of(history, lambda done: bar.advance(task, done))
        data = training_data(history, features, fresh, until_s)
        if missing := left_out(history, data.scales):
            notice("; ".join(missing))
        if said := different_kinds(data.tasks, data.specification):
            notice(said)
        head = HeadPlan(steps=min(HeadPlan().steps, 2 * episodes))
        few_shot = FewShotPlan(BankPlan(episodes=episodes), head, seed=seed) if episodes else None
        made = train_initialisation(data, plan, known_until, _Bars(bar), checkpoint, notice, few_shot=few_shot)
    made.save(out)
    if signer is not None:
        signer.sign_file(out)
    checkpoint.unlink(missing_ok=True)
    summary = {"initialisation": made.manifest.id, "file": str(out), "lines": len(data.scales), **made.manifest.figures}
    if as_json:
        print_json(summary)
    else:
        click.echo(f"initialisation {made.manifest.id}, trained on {len(data.scales)} lines, is in {out}")


class _Bars:
    """Shows each phase of a training in a bar of its own."""

    def __init__(self, bar: Progress) -> None:
        """Draw into `bar`."""
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, phase: str, step: int, steps: int, loss: float) -> None:
        """Move a phase's bar."""
        if phase not in self._tasks:
            self._tasks[phase] = self._bar.add_task(phase, total=steps)
        self._bar.update(
            self._tasks[phase], completed=step, description=phase if isnan(loss) else f"{phase} {loss:.4f}"
        )

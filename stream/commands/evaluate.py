"""`foreshot evaluate`: the few-shot table against all baselines."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.progress import Progress, TaskID

from stream.commands.out_folder import make_folder
from stream.commands.output import json_option, print_json, print_table, progress_bar, say_above
from stream.errors import UsageError

if TYPE_CHECKING:
    from metalearn.evaluation.contest import Outcome
    from metalearn.evaluation.few_shot import CutLine, FewShotPlan, Line

_EPILOG = """Example:

  foreshot evaluate --tasks tasks/card_sparkov.yaml --data ../shared/data --out out/sparkov

--out gets results.json (every method on every support of every line, means with 95 % intervals
over lines, the winner of each K) and report.html.
"""
_QUICK_COUNTS = (0, 1, 5, 20)
_CONTROL_DRAWS = 3


@click.command("evaluate", epilog=_EPILOG)
@click.option(
    "--tasks", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Tasks file: which lines."
)
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the results.")
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Folder of the files it names."
)
@click.option("--quick", is_flag=True, help="K = 0, 1, 5, 20, two draws, small queries: a first look.")
@click.option("--draws", type=click.IntRange(1, 1_000), default=5, show_default=True, help="Supports a line and K.")
@click.option(
    "--query-rows", type=click.IntRange(100), default=20_000, show_default=True, help="Most rows of a line's query."
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of all chance.")
@click.option("--method", "names", multiple=True, help="Only these methods; repeatable.")
@click.option("--controls/--no-controls", default=True, help="Whether supports are damaged on purpose, too.")
@json_option
def command(
    tasks: Path,
    out: Path,
    data: Path | None,
    draws: int,
    query_rows: int,
    seed: int,
    names: tuple[str, ...],
    *,
    quick: bool,
    controls: bool,
    as_json: bool,
) -> None:
    """Judge the few-shot model and every baseline on lines that none of them has seen.

    Each test line is cut where half of its frauds have happened. A support of K frauds is drawn
    from what was known by then, and what comes later is ranked at its true prevalence. All
    settings are chosen on validation lines. The winner is named even where it is not ours.
    """
    from stream.tasks.tasks_file import load_tasks  # noqa: PLC0415

    declared = load_tasks(tasks)
    # LightGBM, torch and numba take seconds to import; help and wrong usage do not need them.
    from metalearn.errors import MetalearnError  # noqa: PLC0415
    from metalearn.evaluation.contest import Tuning, run_fold  # noqa: PLC0415
    from metalearn.evaluation.few_shot import FewShotPlan  # noqa: PLC0415
    from metalearn.evaluation.report import write_report  # noqa: PLC0415
    from metalearn.evaluation.results import results_of  # noqa: PLC0415
    from metalearn.evaluation.roster import methods_named  # noqa: PLC0415
    from stream.one_core import use_one_core  # noqa: PLC0415
    from stream.tasks.deal_folds import deal  # noqa: PLC0415
    from stream.tasks.read_lines import LineReader  # noqa: PLC0415
    from stream.tasks.text_folds import text_folds, text_model_of  # noqa: PLC0415

    use_one_core()
    make_folder(out, "--out")
    plan = FewShotPlan(draws=draws, query_rows=query_rows, seed=seed)
    tuning = Tuning()
    if quick:
        plan = replace(plan, counts=_QUICK_COUNTS, draws=min(draws, 2), query_rows=min(query_rows, 10_000))
        tuning = Tuning(draws=1, query_rows=3_000)
    try:
        methods = methods_named(names)
        with progress_bar(hidden=as_json) as bar:
            reader = LineReader(tasks, data, _Bars(bar))
            # Before minutes of reading: it may not be there.
            text_model = text_model_of(declared, reader.folders)
            read, left_out = reader.read(declared)
            skipped = [(one.name, one.reason) for one in left_out]
            lines = {section: _cut(found, plan, skipped) for section, found in read.items()}
            folds = text_folds(deal(lines, declared.folds), reader.texts, text_model, out)
            if not any(fold.test for fold in folds):
                raise UsageError(f"{tasks}: no line can be tested: {'; '.join(' '.join(one) for one in skipped)}")
            step = bar.add_task("methods", total=2 * len(methods) * len(folds))
            outcomes = [run_fold(fold, methods, plan, tuning, lambda _: bar.advance(step)) for fold in folds]
            found = results_of(outcomes, plan, _controls(outcomes, plan, bar) if controls else {}, skipped)
            _say_missing(found, say_above(bar, "foreshot evaluate"))
    except MetalearnError as error:
        raise UsageError(f"{tasks}: {error}") from error
    (out / "results.json").write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    write_report(out / "report.html", tasks.stem, found)
    if as_json:
        print_json({key: value for key, value in found.items() if key not in ("rows", "chosen")})
    else:
        _print(found, out)


class _Bars:
    """Shows each file's feature pass in a bar of its own."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, name: str, done: int, total: int) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(f"features of {name}", total=total)
        self._bar.advance(self._tasks[name], done)


def _cut(lines: "list[Line]", plan: "FewShotPlan", skipped: list[tuple[str, str]]) -> "list[CutLine]":
    from metalearn.errors import NoEpisodeError  # noqa: PLC0415
    from metalearn.evaluation.few_shot import cut_line  # noqa: PLC0415

    found = []
    while lines:
        # What is cut is a copy: of many large lines there is no room for both.
        line = lines.pop(0)
        try:
            found.append(cut_line(line, plan))
        except NoEpisodeError as error:
            skipped.append((line.task.name, str(error)))
    return found


def _controls(outcomes: "Sequence[Outcome]", plan: "FewShotPlan", bar: Progress) -> dict[str, Any]:
    from metalearn.evaluation.controls import COUNTS, run_controls  # noqa: PLC0415
    from metalearn.evaluation.summary import summarise  # noqa: PLC0415

    summary = summarise(outcomes)
    ours = list(dict.fromkeys(row.method for one in outcomes for row in one.rows if row.kind == "ours"))
    contenders = {count: [*ours[:1], summary["best_baseline"][count]] for count in COUNTS
                  if summary["best_baseline"].get(count) is not None}  # fmt: skip
    step = bar.add_task("controls", total=sum(len(one.fold.test) for one in outcomes))
    few = replace(plan, draws=min(plan.draws, _CONTROL_DRAWS))
    return run_controls(outcomes, contenders, few, lambda: bar.advance(step))


def _say_missing(found: dict[str, Any], say: Any) -> None:
    if found["skipped"]:
        shown = "; ".join(f"{one['line']} {one['reason']}" for one in found["skipped"][:3])
        more = f"; and {len(found['skipped']) - 3} more" if len(found["skipped"]) > 3 else ""
        say(f"lines left out: {shown}{more}")
    for one in found["failed"]:
        say(f"{one['method']} is left out: {one['reason']}")


def _print(found: dict[str, Any], out: Path) -> None:
    counts = list(found["summary"])
    methods = sorted(
        {method for table in found["summary"].values() for method in table},
        key=lambda method: -(found["summary"][counts[-1]].get(method, {}).get("mean") or 0.0),
    )
    rows = [(method, *(_shown(found["summary"][count].get(method)) for count in counts)) for method in methods]
    rows.append(("winner", *(found["winner"][count] or "-" for count in counts)))
    title = f"Mean average precision over {len(found['lines'])} lines; all results are in {out}"
    print_table(title, ("method", *(f"K = {count}" for count in counts)), rows)


def _shown(one: dict[str, float | None] | None) -> str:
    if one is None or one["mean"] is None:
        return "-"
    half = "" if one["high"] is None else f" ± {one['high'] - one['mean']:.3f}"
    return f"{one['mean']:.3f}{half}"

"""`foreshot study`: published protocols run again and held against their figures."""

import json
from pathlib import Path

import click
from rich.progress import Progress, TaskID

from stream.commands.out_folder import make_folder
from stream.commands.output import json_option, print_json, print_table, progress_bar

_EPILOG = """Example:

  foreshot study sinusoid --out out/sinusoid

Writes sinusoid.json and sinusoid.html to --out. All protocols take about a quarter of an hour on one core.
"""


@click.group("study")
def command() -> None:
    """Run a published protocol again and hold it against its figures."""


@command.command("sinusoid", epilog=_EPILOG)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out/sinusoid"),
    show_default=True,
    help="Folder of the results.",
)
@click.option(
    "--protocol",
    type=click.Choice(["finn", "meta-sgd", "bmaml", "all"]),
    default="all",
    show_default=True,
    help="Whose protocol.",
)
@click.option("--seed", type=click.IntRange(0, 2**16 - 1), default=0, show_default=True, help="Of all chance.")
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda", "auto"]),
    default="cpu",
    show_default=True,
    help="Where to train; networks so small are as quick on one core.",
)
@click.option("--quick", is_flag=True, help="A few steps of everything, in seconds; the figures mean nothing.")
@json_option
def sinusoid(out: Path, protocol: str, seed: int, device: str, *, quick: bool, as_json: bool) -> None:
    """Train on sine waves by three published protocols, and say what was reached and what was not."""
    # Torch takes seconds to import; help and wrong usage do not need it.
    import torch  # noqa: PLC0415

    from metalearn.outer_loop import chosen_device  # noqa: PLC0415
    from metalearn.study.page import page, verdict  # noqa: PLC0415
    from metalearn.study.sinusoid import run_sinusoid  # noqa: PLC0415

    make_folder(out, "--out")
    torch.set_num_threads(1)
    with progress_bar(hidden=as_json) as bar:
        results = run_sinusoid(protocol, seed, _Bars(bar), chosen_device(device), quick=quick)
    notes = ["Quick run: a few steps of everything; the figures mean nothing."] if quick else []
    found = {"seed": seed, "quick": quick, "results": [one.as_json() for one in results]}
    (out / "sinusoid.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    (out / "sinusoid.html").write_text(page("Sine waves from a few points", results, notes), encoding="utf-8")
    if as_json:
        print_json(found)
        return
    columns = ("protocol", "method", "published", "reached", "target", "met", "note")
    shown = [
        (one.protocol, one.method, one.published, one.shown(), one.target, verdict(one.met), one.note)
        for one in results
    ]
    print_table(f"Sine waves; all results are in {out}", columns, shown)
    for note in notes:
        click.echo(f"foreshot study sinusoid: {note}", err=True)


class _Bars:
    """Shows each training in a bar of its own."""

    def __init__(self, bar: Progress) -> None:
        """Draw into `bar`."""
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, step: int, steps: int) -> None:
        """Move a training's bar."""
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=steps)
        self._bar.update(self._tasks[what], completed=step)

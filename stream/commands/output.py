"""How commands show things: a table for a person, JSON for a program, a bar for long work."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from stream.one_line import one_line

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


def print_json(found: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(found, indent=2, default=str))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column)
    for row in rows:
        # As text: a cell may come from outside and must not be read as markup.
        table.add_row(*(Text(f"{cell:.4f}" if isinstance(cell, float) else one_line(str(cell))) for cell in row))
    Console().print(table)


def progress_bar(*, hidden: bool = False) -> Progress:
    """Return a progress bar on standard error; hidden where no person looks or output is for a program."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=hidden or not console.is_terminal,
        transient=True,
    )


def say_above(bar: Progress, command: str) -> Callable[[str], None]:
    """Return a function that prints one line on standard error, above a bar that runs."""

    def say(text: str) -> None:
        bar.console.print(f"{command}: {text}", soft_wrap=True, markup=False, highlight=False)

    return say

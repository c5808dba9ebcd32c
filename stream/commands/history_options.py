"""Options of the commands that read history: lines, events, from and until."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from stream.errors import UsageError
from stream.events.history import History, read_history
from stream.events.line_file import load_lines

_Command = TypeVar("_Command", bound=Callable[..., Any])


def history_options(lines_flag: str) -> Callable[[_Command], _Command]:
    """Add the line files under `lines_flag`, `--events`, `--from` and `--until`."""

    def add(command: _Command) -> _Command:
        for option in (
            click.option("--until", metavar="TIME", help="Only events before this time, ISO 8601, UTC."),
            click.option("--from", "since", metavar="TIME", help="Only events from this time on, ISO 8601, UTC."),
            click.option("--events", required=True, type=click.Path(path_type=Path), help="Parquet file of events."),
            click.option(
                lines_flag,
                "lines",
                required=True,
                multiple=True,
                type=click.Path(path_type=Path),
                help="Line file; repeatable.",
            ),
        ):  # fmt: skip
            command = option(command)
        return command

    return add


def epoch_s(text: str, flag: str) -> float:
    """Return an ISO 8601 time as epoch seconds, UTC where it names no zone.

    Raises:
        UsageError: It is not a time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{flag} {text}: is not an ISO 8601 time, such as 2018-07-11") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def read_chosen(lines: tuple[Path, ...], events: Path, since: str | None, until: str | None) -> History:
    """Return the history that the options choose.

    Raises:
        UsageError: A line file or the events do not fit, or nothing is left.
    """
    declared = load_lines(list(lines))
    first_s = epoch_s(since, "--from") if since else None
    last_s = epoch_s(until, "--until") if until else None
    history = read_history(events, declared, first_s, last_s)
    if not len(history.batch):
        raise UsageError(f"{events}: no events of {', '.join(sorted(declared))} between --from and --until")
    return history

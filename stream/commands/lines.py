"""`foreshot lines`: checks line files and shows how an event maps."""

from pathlib import Path

import click

from stream.clock import SystemClock
from stream.commands.output import json_option, print_json, print_table
from stream.errors import UsageError
from stream.events.business_line import BusinessLine
from stream.events.check import MappedEvent, check_event
from stream.events.line_file import load_lines

_EPILOG = """Examples:

  foreshot lines check lines/card_handbook.yaml

  foreshot lines check lines/demo --event event.json
"""


@click.group("lines")
def command() -> None:
    """Check line files and show how an event maps."""


@command.command("check", epilog=_EPILOG)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--event", type=click.Path(path_type=Path), help="File with one event of yours, as JSON.")
@json_option
def check(files: tuple[Path, ...], event: Path | None, *, as_json: bool) -> None:
    """Validate line FILES; with --event, show how it maps role by role.

    Exits with 2 where a file does not fit, or where no line can use the event.
    """
    lines = load_lines(files)
    if event is None:
        _show_lines(list(lines.values()), as_json=as_json)
        return
    try:
        content = event.read_bytes()
    except OSError as error:
        raise UsageError(f"{event}: cannot be read: {error}") from error
    mapped = check_event(lines.values(), content, SystemClock())
    own = [one for one in mapped if one.belongs]
    if as_json:
        print_json([one.as_json() for one in own or mapped])
    else:
        for one in own:
            _show_event(one)
    usable = [one for one in own if one.rejected is None]
    if not usable:
        refused = (own or mapped)[0].rejected or {}
        raise UsageError(f"{event}: would be dead-lettered: {refused.get('reason')}: {refused.get('detail')}")


def _show_lines(lines: list[BusinessLine], *, as_json: bool) -> None:
    found = [{"line": line.name, "topic": line.topic, "label_delay_s": line.label_delay_s} for line in lines]
    if as_json:
        print_json(found)
    else:
        print_table("Lines", ("line", "topic", "label delay, s"), [tuple(one.values()) for one in found])


def _show_event(mapped: MappedEvent) -> None:
    rows = [
        (role.role, role.source, role.problem or ("-" if role.value is None else role.value)) for role in mapped.roles
    ]
    print_table(f"As line {mapped.line}", ("role", "read from", "value"), rows)

"""`foreshot weights`: a line's versions, their figures, and going back to one."""

from typing import Any

import click

from stream.commands.kafka_options import kafka_options
from stream.commands.output import json_option, print_json, print_table
from stream.errors import UsageError
from stream.settings import load_settings


@click.group("weights")
def command() -> None:
    """List, show or roll back a line's weights."""


@command.command("list", epilog="Example: foreshot weights list --line cards-fr")
@click.option("--line", metavar="NAME", help="Only this line.")
@kafka_options
@json_option
def list_(line: str | None, *, as_json: bool, **given: Any) -> None:
    """List the kept versions of every line."""
    from stream.transport.weights_admin import read_weights  # noqa: PLC0415 - Kafka's client is slow to import

    versions = [one for one in read_weights(load_settings(**given)) if line in (None, one.line)]
    if as_json:
        print_json([one.summary() for one in versions])
        return
    columns = ("line", "version", "in force", "frauds", "genuine", "created", "average precision at the gate")
    print_table("Weights", columns, [one.row() for one in versions])


@command.command("show", epilog="Example: foreshot weights show cards-fr 3 --json")
@click.argument("line")
@click.argument("version", type=int)
@kafka_options
@json_option
def show(line: str, version: int, *, as_json: bool, **given: Any) -> None:
    """Show one version's manifest."""
    from stream.transport.weights_admin import read_weights  # noqa: PLC0415 - Kafka's client is slow to import

    for one in read_weights(load_settings(**given)):
        if (one.line, one.version) == (line, version):
            if as_json:
                print_json(one.summary())
            else:
                print_table(f"{line} version {version}", ("field", "value"), list(one.summary().items()))
            return
    raise UsageError(f"line {line} has no version {version}; see `foreshot weights list --line {line}`")


@command.command("rollback", epilog="Example: foreshot weights rollback cards-fr 2 --reason 'alerts doubled'")
@click.argument("line")
@click.argument("version", type=int)
@click.option("--reason", default="rolled back by hand", show_default=True, help="For the audit.")
@click.option("--by", default="operator", show_default=True, help="Who decides.")
@kafka_options
@json_option
def rollback(line: str, version: int, reason: str, by: str, *, as_json: bool, **given: Any) -> None:
    """Score LINE with VERSION again, from the next event on."""
    from stream.transport.weights_admin import roll_back  # noqa: PLC0415 - Kafka's client is slow to import

    roll_back(load_settings(**given), line, version, by=by, reason=reason)
    if as_json:
        print_json({"line": line, "version": version, "by": by, "reason": reason})
        return
    click.echo(f"line {line} scores with version {version} from the next event on")

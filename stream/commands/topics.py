"""`foreshot topics`: makes or checks the topics that an installation needs, and says who needs what of them."""

import dataclasses
from typing import Any

import click

from stream.commands.kafka_options import kafka_options
from stream.commands.output import json_option, print_json
from stream.events.line_file import load_lines
from stream.settings import load_settings, split_paths


@click.group("topics")
def command() -> None:
    """Make or check the topics that an installation needs."""


@command.command("create", epilog="Example: foreshot topics create --lines lines --partitions 8")
@click.option("--lines", metavar="PATH,...", help="Line files or folders of them.")
@click.option("--partitions", type=int, help="Partitions of each topic made.")
@click.option("--replication", type=int, help="Replication factor of each topic made.")
@kafka_options
@json_option
def create(*, as_json: bool, **given: Any) -> None:
    """Make what is missing and check what is there."""
    from stream.transport.permissions import permissions_of  # noqa: PLC0415 - Kafka's client is slow to import
    from stream.transport.topics import ensure_topics  # noqa: PLC0415 - the same

    settings = load_settings(**given, create_topics=True)
    lines = list(load_lines(split_paths(settings.lines)).values())
    made = ensure_topics(settings, lines, permissions_of("topics", settings, lines))
    if as_json:
        print_json({"made": made})
    else:
        click.echo("\n".join(f"made {name}" for name in made) or "all topics are there")


_OF = ["score", "learn", "topics", "replay", "label", "weights", "financed", "rollback", "source", "outputs"]


@command.command("permissions", epilog="Example: foreshot topics permissions --of score --principal User:scorer")
@click.option(
    "--of", "of", type=click.Choice(_OF), required=True, help="A command, or who writes sources or reads outputs."
)
@click.option("--principal", metavar="TYPE:NAME", required=True, help="Who is granted them, as Kafka names it.")
@click.option("--lines", metavar="PATH,...", help="Line files or folders of them.")
@kafka_options
@json_option
def permissions(of: str, principal: str, *, as_json: bool, **given: Any) -> None:
    """Show the least permissions of a command as lines for kafka-acls; asks no Kafka."""
    from stream.transport.permissions import permissions_of  # noqa: PLC0415 - Kafka's client is slow to import

    settings = load_settings(**given)
    found = permissions_of(of, settings, list(load_lines(split_paths(settings.lines)).values()))
    if as_json:
        print_json([dataclasses.asdict(one) for one in found])
        return
    start = f"kafka-acls --bootstrap-server {settings.bootstrap_servers} --command-config admin.properties"
    click.echo("\n".join(f"{start} {one.arguments(principal)}" for one in found))

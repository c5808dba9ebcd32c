"""`foreshot topics`: makes or checks the topics that an installation needs."""

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
    from stream.transport.topics import ensure_topics  # noqa: PLC0415 - Kafka's client is slow to import

    settings = load_settings(**given, create_topics=True)
    made = ensure_topics(settings, load_lines(split_paths(settings.lines)).values())
    if as_json:
        print_json({"made": made})
    else:
        click.echo("\n".join(f"made {name}" for name in made) or "all topics are there")

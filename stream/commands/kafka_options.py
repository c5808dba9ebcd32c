"""Options shared by all commands that talk to Kafka; each overrides its setting."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--bootstrap-servers", metavar="HOST:PORT,...", help="Kafka brokers."),
    click.option("--application", metavar="NAME", help="Consumer group and transaction prefix."),
    click.option("--topic-prefix", metavar="PREFIX", help="Put before every topic's name."),
)


def kafka_options(command: _Command) -> _Command:
    """Add `--bootstrap-servers`, `--application` and `--topic-prefix`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command

"""Options shared by all commands that talk to Kafka; each overrides its setting."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--bootstrap-servers", metavar="HOST:PORT,...", help="Kafka brokers."),
    click.option("--security-protocol", metavar="NAME", help="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."),
    click.option("--ssl-ca-file", metavar="FILE", help="Authorities that sign the brokers, PEM."),
    click.option("--ssl-certificate-file", metavar="FILE", help="This client's certificate, PEM."),
    click.option("--ssl-key-file", metavar="FILE", help="The certificate's private key, PEM."),
    click.option("--ssl-key-password-file", metavar="FILE", help="Holds the key's password."),
    click.option("--sasl-mechanism", metavar="NAME", help="SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN."),
    click.option("--sasl-username", metavar="NAME", help="User that SASL logs in."),
    click.option("--sasl-password-file", metavar="FILE", help="Holds the user's password."),
    click.option("--application", metavar="NAME", help="Consumer group and transaction prefix."),
    click.option("--topic-prefix", metavar="PREFIX", help="Put before every topic's name."),
)


def kafka_options(command: _Command) -> _Command:
    """Add where Kafka is, how it is spoken to, `--application` and `--topic-prefix`.

    Secrets have no option: what stands on a command line can be read by everyone on the machine.
    """
    for option in reversed(_OPTIONS):
        command = option(command)
    return command

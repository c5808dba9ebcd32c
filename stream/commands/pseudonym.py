"""`foreshot pseudonym`: the name under which subjects are kept, written and logged."""

from typing import Any

import click

from stream.commands.output import json_option, print_json
from stream.errors import UsageError
from stream.settings import load_settings


@click.command("pseudonym", epilog="Example: foreshot pseudonym --pseudonym-key-file key < subjects.txt")
@click.option("--pseudonym-key-file", metavar="FILE", help="Holds the key.")
@json_option
def command(*, as_json: bool, **given: Any) -> None:
    """Show the pseudonym of each subject on standard input, one a line.

    Subjects are no arguments: what stands on a command line can be read by everyone on the machine.
    """
    from stream.worker_parts import pseudonyms_of  # noqa: PLC0415 - Kafka's client is slow to import

    pseudonyms = pseudonyms_of(load_settings(**given))
    if pseudonyms is None:
        raise UsageError("no key is set; set FORESHOT_PSEUDONYM_KEY_FILE to that of the workers")
    names = [pseudonyms.of(line) for line in click.get_text_stream("stdin").read().splitlines() if line]
    if as_json:
        print_json(names)
    else:
        click.echo("\n".join(names))

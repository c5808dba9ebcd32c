"""`foreshot financed`: says whether a document in hand was financed before."""

from datetime import UTC, datetime
from typing import Any, BinaryIO

import click

from stream.commands.kafka_options import kafka_options
from stream.commands.output import json_option, print_json, print_table
from stream.errors import UsageError
from stream.settings import load_settings

_EPILOG = """Examples:

  foreshot financed invoice.json --ledger-key-file /secrets/ledger_key

  foreshot financed - --json < request.json
"""


@click.command("financed", epilog=_EPILOG)
@click.argument("document", type=click.File("rb"))
@click.option("--ledger-key-file", metavar="FILE", help="Holds the key of documents' fingerprints.")
@kafka_options
@json_option
def command(document: BinaryIO, *, as_json: bool, **given: Any) -> None:
    """Say whether DOCUMENT was financed before, here or elsewhere, exactly or nearly.

    DOCUMENT is a file, or - for standard input: an invoice, order or receipt, or a financing request or assignment, as
    JSON (docs/supply_chain.md). All partitions of the ledgers are asked; nothing is remembered.
    """
    # Kafka's client and numba are slow to import; help and wrong usage do not need them.
    import msgspec  # noqa: PLC0415

    from stream.events.supply_chain.decode import Rejection  # noqa: PLC0415
    from stream.pipelines.inquiry import read_in_hand  # noqa: PLC0415
    from stream.transport.ask_ledgers import ask_ledgers  # noqa: PLC0415
    from stream.worker_parts import fingerprints_of  # noqa: PLC0415

    settings = load_settings(**given)
    claims = read_in_hand(document.read())
    if isinstance(claims, Rejection):
        raise UsageError(f"{document.name}: {claims.words} ({claims.reason})")
    found = ask_ledgers(settings, claims, fingerprints_of(settings))
    if as_json:
        print_json(msgspec.to_builtins(found))
    elif not found.findings:
        click.echo("not financed before, neither exactly nor nearly, as far as the ledgers remember")
    else:
        columns = ("document", "event", "kind", "at", "financier", "rule", "nearness")
        rows = [
            (
                claims[one.position].number,
                one.event.event_id,
                one.event.kind,
                datetime.fromtimestamp(one.event.occurred_at_s, UTC).isoformat(),
                one.event.financier or "not told",
                one.rule,
                one.nearness,
            )
            for one in found.findings
        ]
        print_table("Financed before", columns, rows)

"""`foreshot weights`: a line's versions, their figures, going back to one, and the keys that sign them."""

import os
from pathlib import Path
from typing import Any

import click

from stream.commands.kafka_options import kafka_options
from stream.commands.key_options import signing_option, trusted_option
from stream.commands.out_folder import make_folder
from stream.commands.output import json_option, print_json, print_table
from stream.errors import UsageError
from stream.settings import load_settings


@click.group("weights")
def command() -> None:
    """List, show or roll back a line's weights; make keys and sign an initialisation."""


@command.command("list", epilog="Example: foreshot weights list --line cards-fr")
@click.option("--line", metavar="NAME", help="Only this line.")
@trusted_option
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
@trusted_option
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
@signing_option
@trusted_option
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


@command.command("keys", epilog="Example: foreshot weights keys --out keys")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the two files; kept ones stay.",
)
@json_option
def keys(out: Path, *, as_json: bool) -> None:
    """Make a key pair: one file signs weights and initialisations, the other is for whoever loads them."""
    from stream.scoring.signature import new_signer  # noqa: PLC0415 - cryptography is slow to import

    make_folder(out, "--out")
    private, public = new_signer().pem()
    files = {"signing_key_file": out / "signing_key.pem", "trusted_key_files": out / "trusted_key.pem"}
    for file, content, mode in zip(files.values(), (private, public), (0o600, 0o644), strict=True):
        _write_new(file, content, mode)
    if as_json:
        print_json({name: str(file) for name, file in files.items()})
        return
    click.echo(f"sign with {files['signing_key_file']} and keep it secret; give {files['trusted_key_files']} to all")


def _write_new(file: Path, content: bytes, mode: int) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise UsageError(f"{file}: is there already; a key is never written over, choose another --out") from None
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)


@command.command(
    "sign", epilog="Example: foreshot weights sign init.safetensors --signing-key-file keys/signing_key.pem"
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@signing_option
@json_option
def sign(file: Path, *, as_json: bool, **given: Any) -> None:
    """Sign an initialisation that `foreshot train` made without a key; the signature stands in FILE.sig."""
    from stream.scoring.initialisation import load_initialisation  # noqa: PLC0415 - slow to import
    from stream.weights_keys import signer_of  # noqa: PLC0415 - slow to import

    signer = signer_of(load_settings(**given))
    if signer is None:
        raise UsageError("no key is set; make one with `foreshot weights keys` and set FORESHOT_SIGNING_KEY_FILE")
    identifier = load_initialisation(file, None).manifest.id
    beside = signer.sign_file(file)
    if as_json:
        print_json({"initialisation": identifier, "signature": str(beside)})
        return
    click.echo(f"initialisation {identifier} is signed in {beside}")

"""`foreshot label`: pushes one label, or a file of them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson
from pydantic import ValidationError

from stream.commands.kafka_options import kafka_options
from stream.commands.output import json_option, print_json
from stream.errors import UsageError
from stream.events.fraud_label import FraudLabel
from stream.events.line_file import load_lines
from stream.settings import Settings, load_settings, split_paths

_EPILOG = """Examples:

  foreshot label 4711 fraud --line cards-fr --source chargeback

  foreshot label 4711 fraud --line factoring --loss-minor 1250000

  foreshot label --file labels.jsonl     one JSON object a line: event_id, line, label, source, labelled_at
"""


@click.command("label", epilog=_EPILOG)
@click.argument("event_id", required=False)
@click.argument("verdict", required=False, type=click.Choice(["fraud", "genuine"]))
@click.option("--line", "line_name", metavar="NAME", help="The event's business line; may be left out if there is one.")
@click.option("--source", default="analyst", show_default=True, help="Who says so.")
@click.option("--reverses", is_flag=True, help="Withdraw the label instead.")
@click.option("--loss-minor", type=click.IntRange(0), help="What was lost, minor units of the event's currency.")
@click.option("--file", type=click.Path(path_type=Path), help="JSON lines with one label each.")
@click.option("--lines", metavar="PATH,...", help="Line files or folders of them.")
@kafka_options
@json_option
def command(
    event_id: str | None,
    verdict: str | None,
    line_name: str | None,
    source: str,
    loss_minor: int | None,
    file: Path | None,
    lines: str | None,
    *,
    reverses: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Push the label of EVENT_ID, or all labels of a file."""
    settings = load_settings(**given, lines=lines)
    names = set(load_lines(split_paths(settings.lines)))
    if file is not None:
        labels = list(_from_file(file))
    elif event_id and verdict:
        one = {"event_id": event_id, "line": _only(line_name, names), "label": verdict, "source": source}
        said = {"labelled_at": datetime.now(UTC), "reverses": reverses, "loss_minor": loss_minor}
        labels = [_label({**one, **said})]
    else:
        raise UsageError("give EVENT_ID and fraud or genuine, or --file")
    unknown = sorted({label.line for label in labels} - names)
    if unknown:
        raise UsageError(f"no line file declares {unknown[0]!r}; known lines: {', '.join(sorted(names))}")
    _push(settings, labels)
    if as_json:
        print_json({"pushed": len(labels)})
    else:
        click.echo(f"pushed {len(labels)} label{'s' if len(labels) != 1 else ''}")


def _only(line_name: str | None, names: set[str]) -> str:
    if line_name:
        return line_name
    if len(names) == 1:
        return next(iter(names))
    raise UsageError(f"several lines are declared; name the event's with --line: {', '.join(sorted(names))}")


def _from_file(path: Path) -> Iterator[FraudLabel]:
    try:
        # Bytes, since text knows more ends of a line than JSON lines do.
        contents = path.read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    for number, content in enumerate(contents, start=1):
        if content.strip():
            try:
                read = orjson.loads(content)
            except orjson.JSONDecodeError as error:
                raise UsageError(f"{path}:{number}: is not JSON: {error}") from error
            if not isinstance(read, dict):
                raise UsageError(f"{path}:{number}: must be a JSON object")
            yield _label({"labelled_at": datetime.now(UTC), **read}, f"{path}:{number}: ")


def _label(fields: Mapping[str, Any], where: str = "") -> FraudLabel:
    try:
        return FraudLabel.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise UsageError(f"{where}{field + ': ' if field else ''}{first['msg']}") from error


def _push(settings: Settings, labels: list[FraudLabel]) -> None:
    # Kafka's client is slow to import; help and wrong usage do not need it.
    from stream.transport.label_push import push_labels  # noqa: PLC0415

    push_labels(settings, labels)

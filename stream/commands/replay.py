"""`foreshot replay`: history into Kafka, in event-time order."""

from pathlib import Path
from typing import Any

import click

from stream.commands.history_options import history_options, read_chosen
from stream.commands.kafka_options import kafka_options
from stream.commands.output import json_option, print_json, progress_bar
from stream.errors import UsageError
from stream.settings import load_settings

_EPILOG = """Examples:

  foreshot replay --line lines/card_handbook.yaml --events transactions.parquet --from 2018-07-11 --until 2018-07-18

  foreshot replay --line lines/card_handbook.yaml --events transactions.parquet --speed 3600 --free

In step (the default at full speed) the replay waits, at every hour of event time and every release of labels, until
the workers have worked off what they were given; on topics of one partition the scores are then those of `backtest`
(but of documents: those that finance another are scored after an hour's others).
"""


@click.command("replay", epilog=_EPILOG)
@history_options("--line")
@click.option("--speed", default="max", show_default=True, metavar="N|max", help="Event time over real time.")
@click.option("--in-step/--free", "in_step", default=None, help="Wait for the stream, or do not.")
@click.option("--labels/--no-labels", default=True, show_default=True, help="Release labels when they are due.")
@kafka_options
@json_option
def command(
    lines: tuple[Path, ...],
    events: Path,
    since: str | None,
    until: str | None,
    speed: str,
    in_step: bool | None,  # noqa: FBT001 - click passes flags by name
    *,
    labels: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Put history through Kafka, each label when its delay has passed."""
    from stream.transport.permissions import permissions_of  # noqa: PLC0415 - Kafka's client is slow to import
    from stream.transport.replay import Replay, ReplayOptions  # noqa: PLC0415 - the same
    from stream.transport.topics import ensure_topics  # noqa: PLC0415 - the same

    pace = _speed(speed)
    history = read_chosen(lines, events, since, until)
    settings = load_settings(**given)
    declared = list(history.lines.values())
    ensure_topics(settings, declared, permissions_of("replay", settings, declared))
    options = ReplayOptions(pace, pace is None if in_step is None else in_step, labels)
    with progress_bar(hidden=as_json) as bar:
        task = bar.add_task("replay", total=len(history.batch))
        count = Replay(settings, history, options).run(lambda done: bar.advance(task, done))
    found = {"events": count.events, "labels": count.labels, "seconds": round(count.seconds, 3)}
    if as_json:
        print_json(found)
    else:
        click.echo(f"replayed {count.events} events and {count.labels} labels in {count.seconds:.1f} s")


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        pace = float(text)
    except ValueError:
        pace = -1.0
    if not 0 < pace < float("inf"):
        raise UsageError(f"--speed {text}: must be max or a number above 0")
    return pace

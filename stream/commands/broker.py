"""`foreshot broker`: a real Apache Kafka in KRaft mode, from packages alone."""

import signal
import tempfile
import threading
from pathlib import Path

import click

from stream.commands.output import json_option, print_json

_EPILOG = """Examples:

  foreshot broker --port 9092

  foreshot broker --brokers 3 --data-dir /var/tmp/kafka
"""


@click.command("broker", epilog=_EPILOG)
@click.option("--brokers", type=click.IntRange(1, 9), default=1, show_default=True, help="How many.")
@click.option(
    "--port", type=click.IntRange(0, 65_527), default=9092, show_default=True, help="First port; 0 takes free ones."
)
@click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Keeps data; a temporary folder if left out."
)
@json_option
def command(brokers: int, port: int, data_dir: Path | None, *, as_json: bool) -> None:
    """Run Kafka on the loopback address until interrupted."""
    # Kafka's client is slow to import; help does not need it.
    from stream.transport.embedded_broker import KAFKA_VERSION, EmbeddedBroker  # noqa: PLC0415

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with (
        tempfile.TemporaryDirectory(prefix="foreshot-kafka-") as temporary,
        EmbeddedBroker(data_dir or Path(temporary), brokers, port) as broker,
    ):
        if as_json:
            print_json({"bootstrap_servers": broker.bootstrap_servers, "process_ids": broker.process_ids})
        else:
            click.echo(f"Apache Kafka {KAFKA_VERSION} is ready at {broker.bootstrap_servers}; Ctrl-C stops it")
        stop.wait()
    if not as_json:
        click.echo("stopped")

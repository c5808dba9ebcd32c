"""`foreshot worker`: a Faust worker that scores, learns, or does both."""

import signal
from typing import Any

import click

from stream.commands.kafka_options import kafka_options
from stream.commands.key_options import signing_option, trusted_option
from stream.settings import load_settings

_EPILOG = """Examples:

  foreshot worker --role all --lines lines --initialisation init.safetensors

  FORESHOT_BOOTSTRAP_SERVERS=kafka:9092 foreshot worker --role score --web-port 6067
"""


@click.command("worker", epilog=_EPILOG)
@click.option("--role", type=click.Choice(["score", "learn", "all"]), default="all", show_default=True)
@click.option("--lines", metavar="PATH,...", help="Line files or folders of them.")
@click.option("--initialisation", metavar="FILE", help="The shared initialisation.")
@click.option("--state-folder", metavar="FOLDER", help="Folder of the learner's feature store.")
@click.option("--web-host", metavar="ADDRESS", help="Address the web port binds to.")
@click.option("--web-port", type=int, help="Port of /metrics, /health and /ready, and of /financed.")
@signing_option
@trusted_option
@kafka_options
def command(role: str, **given: Any) -> None:
    """Run a worker until it is told to stop.

    Every option overrides its setting (docs/settings.md). The worker answers /metrics,
    /health and /ready on its web port; where lines read documents, /financed too.
    """
    # Until Faust has its own way of leaving there is nothing to clean up.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Faust and numba take a second to import; other commands do not need them.
    from stream.bootstrap import run_worker  # noqa: PLC0415

    run_worker(load_settings(**given), role)

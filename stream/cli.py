"""The command line: `foreshot COMMAND`, errors as one line, exit codes 0, 1 and 2."""

import importlib
import signal
import sys
from typing import NoReturn

import click

from stream.errors import ForeshotError
from stream.one_line import one_line

_COMMANDS = {
    "demo": "Run everything on an embedded Kafka with simulated lines, and say what came of it.",
    "broker": "Run a real Apache Kafka from packages alone.",
    "topics": "Make or check the topics that an installation needs.",
    "worker": "Run a worker: score, learn or both.",
    "lines": "Check line files and show how an event maps.",
    "replay": "Put history through Kafka in event-time order.",
    "backtest": "Run the same pipeline over history, without Kafka.",
    "train": "Meta-train a shared initialisation.",
    "evaluate": "Judge the few-shot model and every baseline on unseen lines.",
    "study": "Run a published protocol of meta-learning again.",
    "label": "Push labels.",
    "financed": "Say whether a document in hand was financed before.",
    "pseudonym": "Show the name under which a subject is kept and written.",
    "weights": "List, show or roll back a line's weights; make keys and sign.",
}

_EXTRAS = {"torch": "learn", "lightgbm": "learn", "rocksdict": "learn", "river": "learn"}


class LazyCommands(click.Group):
    """Imports a command's module only when it is called, so that help stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order they are documented."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Return a command, None where there is none of that name."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"stream.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the commands with their one-line help, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="foreshot")
def foreshot() -> None:
    """Find fraud in live streams, and learn a new kind of it from a handful of labels."""


def main() -> None:
    """Run the command line; exit 0 done, 1 failed, 2 wrong usage or input."""
    # Whoever is told to end cleans up as if a person had pressed Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(foreshot.main(prog_name="foreshot", standalone_mode=False) or 0)
    except ForeshotError as error:
        _end(f"foreshot: {error}", error.exit_code)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        _end(f"foreshot: {error.name} is not installed; `pip install foreshot[{extra}]`", 2)
    except OSError as error:
        # A folder that cannot be written, a full disk: the system's own words say which.
        _end(f"foreshot: {error}", 1)
    except click.exceptions.Abort:
        _end("foreshot: interrupted", 1)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx is not None else "foreshot"
        _end(f"{command}: {error.format_message().rstrip('.')}; see `{command} --help`", error.exit_code)
    except click.ClickException as error:
        _end(f"foreshot: {error.format_message()}", error.exit_code)


def _end(message: str, code: int) -> NoReturn:
    click.echo(one_line(" ".join(message.split())), err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()

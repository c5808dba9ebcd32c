"""Logging: one line an event on standard error, with its place, and without what names a person."""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from stream.errors import ForeshotError
from stream.events.pseudonym import Pseudonyms
from stream.one_line import one_line

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]

# An unexpected error's message may show a value of an event: Python puts it in quotes, or it is a long number.
_OF_CLIENTS = ("kafka.", "aiokafka.")
_VALUE = re.compile(r"""b?'(?:[^'\\]|\\.)*'|b?"(?:[^"\\]|\\.)*"|\d{8,}""", re.DOTALL)

_CLIENTS = ("aiokafka", "kafka")
_AGAIN_AFTER_S = 10.0
_MOST_KINDS = 1_000


class PrivateFormatter(logging.Formatter):
    """Writes unexpected errors with pseudonyms for the values in their messages.

    What Foreshot's own errors, Kafka's clients and the system say is left as it is: it names
    lines, topics, brokers and files.
    """

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        """Hide values under pseudonyms."""
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._pseudonyms = pseudonyms

    def format(self, record: logging.LogRecord) -> str:
        """Return a record's line, and the traceback of its error."""
        if isinstance(record.args, tuple) and any(isinstance(one, BaseException) for one in record.args):
            record = logging.makeLogRecord(record.__dict__)
            record.args = tuple(self.words(one) if isinstance(one, BaseException) else one for one in record.args or ())
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return a record's one line: what came from outside can begin no line of its own."""
        return one_line(super().formatMessage(record))

    def formatException(self, ei: ExceptionInfo | tuple[None, None, None]) -> str:  # noqa: N802 - logging's name
        """Return the traceback, all messages in it without values."""
        text = super().formatException(ei)
        for error in _errors(ei[1]):
            if message := str(error):
                text = text.replace(message, one_line(self.words(error)))
        return "\n".join(map(one_line, text.split("\n")))

    def words(self, error: BaseException) -> str:
        """Return an error's message, without values where it was not written for a person."""
        if isinstance(error, ForeshotError | OSError) or type(error).__module__.startswith(_OF_CLIENTS):
            return str(error)
        return _VALUE.sub(lambda found: self._pseudonyms.of(_bare(found[0])), str(error))


def _bare(value: str) -> str:
    return value.removeprefix("b").strip("'\"")


def _errors(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]


def set_up_logging(level: str, pseudonyms: Pseudonyms | None = None) -> None:
    """Log to standard error from `level` on; Faust's and Kafka's own chatter from WARNING.

    Args:
        level: The least level logged.
        pseudonyms: For what names a person; None takes a key that ends with the process.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PrivateFormatter(pseudonyms or Pseudonyms.of_this_process()))
    handler.addFilter(SparingClients())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("faust", "mode", "aiokafka", "kafka", "aiohttp", "numba"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    sys.excepthook = _log_unexpected


def _log_unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger(__name__).critical("unexpected", exc_info=(kind, error, trace))


class SparingClients(logging.Filter):
    """Lets Kafka's clients say the same once in ten seconds: without a broker they say it 200 times a second."""

    def __init__(self) -> None:
        """Start with nothing said."""
        super().__init__()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line may pass; one that does tells how many were held back."""
        if record.name.partition(".")[0] not in _CLIENTS:
            return True
        kind = (record.name, str(record.msg))
        said_s, held = self._said.get(kind, (float("-inf"), 0))
        if record.created - said_s < _AGAIN_AFTER_S:
            self._said[kind] = (said_s, held + 1)
            return False
        if len(self._said) >= _MOST_KINDS:
            self._said.clear()
        self._said[kind] = (record.created, 0)
        if held:
            record.msg = f"{record.msg} (and {held} more like it)"
        return True


@contextmanager
def quiet_clients() -> Iterator[None]:
    """Keep Kafka's clients silent while they connect: what fails there is said in one line."""
    loggers = [logging.getLogger(name) for name in _CLIENTS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

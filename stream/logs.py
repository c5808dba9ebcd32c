"""Logging: one line an event on standard error, with its place."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_CLIENTS = ("aiokafka", "kafka")
_AGAIN_AFTER_S = 10.0
_MOST_KINDS = 1_000


def set_up_logging(level: str) -> None:
    """Log to standard error from `level` on; Faust's and Kafka's own chatter from WARNING."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(SparingClients())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("faust", "mode", "aiokafka", "kafka", "aiohttp", "numba"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


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

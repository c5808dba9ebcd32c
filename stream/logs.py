"""Logging: one line an event on standard error, with its place."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def set_up_logging(level: str) -> None:
    """Log to standard error from `level` on; Faust's and Kafka's own chatter from WARNING."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("faust", "mode", "aiokafka", "kafka", "aiohttp", "numba"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


@contextmanager
def quiet_clients() -> Iterator[None]:
    """Keep Kafka's clients silent while they connect: what fails there is said in one line."""
    loggers = [logging.getLogger(name) for name in ("kafka", "aiokafka")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

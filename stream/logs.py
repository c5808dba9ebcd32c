"""Logging: one line an event on standard error, with its place."""

import logging
import sys


def set_up_logging(level: str) -> None:
    """Log to standard error from `level` on; Faust's and Kafka's own chatter from WARNING."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("faust", "mode", "aiokafka", "kafka", "aiohttp", "numba"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

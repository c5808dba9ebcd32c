"""Stands before all that read `line-weights`: what must be signed and is not goes no further."""

import logging

from stream.errors import WeightsRefusedError
from stream.metrics import Metrics
from stream.scoring.signature import Headers, Trust

logger = logging.getLogger(__name__)

_MOST_KEY_BYTES = 128


class WeightsGuard:
    """Lets records of `line-weights` through or refuses, counts and logs them."""

    def __init__(self, trust: Trust, metrics: Metrics) -> None:
        """Trust some keys, and book refusals in `metrics`."""
        self._trust = trust
        self._metrics = metrics

    def admits(self, key: bytes | None, value: bytes | None, headers: Headers) -> bool:
        """Tell whether a record may be looked at: weights, deletions and pointers alike."""
        try:
            if key is None or len(key) > _MOST_KEY_BYTES:
                raise WeightsRefusedError("key", f"its key must be of 1 to {_MOST_KEY_BYTES} bytes")
            self._trust.check_record(key, value, headers)
        except WeightsRefusedError as error:
            self._metrics.count("foreshot_weights_refused", reason=error.reason)
            named = (key or b"")[:_MOST_KEY_BYTES].decode(errors="replace")
            logger.error("record %r of line-weights refused: %s; the former weights go on scoring", named, error)  # noqa: TRY400 - the reason is the whole story
            return False
        return True

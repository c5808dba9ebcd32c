"""The errors a person sees: one clear line and a defined exit code."""


class ForeshotError(Exception):
    """A failure with a message that says what was wrong, where, and what to do.

    The command line prints the message as one line and exits with `exit_code`.
    """

    exit_code = 1


class UsageError(ForeshotError):
    """Wrong usage or wrong input: a bad line file, a missing column, an unknown line."""

    exit_code = 2


class BrokerUnavailableError(ForeshotError):
    """Kafka could not be reached or did not become ready in time."""


class AccessRefusedError(ForeshotError):
    """Kafka answers and refuses us: a password, a certificate or a permission."""


class WeightsRefusedError(ForeshotError):
    """Weights whose signature, digest, feature hash, shapes, key or order do not fit; they never score.

    Attributes:
        reason: signature, replay, digest, feature_hash, initialisation, shape, key or unreadable.
    """

    def __init__(self, reason: str, detail: str) -> None:
        """Say which check failed and how."""
        super().__init__(detail)
        self.reason = reason

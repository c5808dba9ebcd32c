"""The library's errors."""


class MetalearnError(ValueError):
    """Input that the library cannot use; the message says what and why."""


class CheckpointError(MetalearnError):
    """A file that is no initialisation, or was changed since it was written."""


class NoEpisodeError(MetalearnError):
    """A task too small to draw a support and a later query from."""

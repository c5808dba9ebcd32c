"""Makes sure, before long work, that its results can be written."""

import os
from pathlib import Path

from stream.errors import UsageError


def make_folder(folder: Path, flag: str) -> None:
    """Make a folder for results.

    Raises:
        UsageError: It cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{flag} {folder}: cannot be made: {error.strerror}; choose another folder") from error
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{flag} {folder}: cannot be written; choose another folder")

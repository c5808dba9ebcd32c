"""Which model a name stands for."""

from collections.abc import Sequence
from pathlib import Path

from stream.errors import UsageError
from stream.text.embedder import Embedder
from stream.text.folder_model import load_folder_model
from stream.text.word_vectors import load_word_vectors

DEFAULT_MODEL = "wordllama"


def open_embedder(model: str, folders: Sequence[Path]) -> Embedder:
    """Return `wordllama`, or the model of a folder.

    Args:
        model: `wordllama`, or a folder's path, in one of `folders`.
        folders: Where a relative path may begin.

    Raises:
        UsageError: Its packages or files are missing.
    """
    if model == DEFAULT_MODEL:
        return load_word_vectors()
    for folder in folders:
        if (folder / model).is_dir():
            return load_folder_model((folder / model).resolve())
    tried = " or ".join(str(folder) for folder in folders)
    raise UsageError(f"text_model: {model} is neither {DEFAULT_MODEL} nor a folder in {tried}")

"""The default model: the mean of word vectors that wordllama's package holds, read without the network."""

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load

from stream.errors import UsageError
from stream.text.embedder import Embeddings, of_length_one
from stream.text.plain_text import plain_text

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_PACKAGE = "wordllama"
_WEIGHTS = "weights/l2_supercat_256.safetensors"
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
_TENSOR = "embedding.weight"
_NEEDED = "the text model wordllama needs its packages: pip install 'foreshot[text]'"


class WordVectors:
    """The mean of the vectors of a text's pieces of words: no order, no context, microseconds a text."""

    def __init__(self, name: str, vectors: npt.NDArray[np.float32], tokenizer: "Tokenizer") -> None:
        """Take a vector for each piece, float32 [pieces, width], and what cuts texts into pieces."""
        self._name = name
        self._vectors = vectors
        self._tokenizer = tokenizer

    @property
    def name(self) -> str:
        """The package and a digest of its weights and of its tokenizer."""
        return self._name

    @property
    def width(self) -> int:
        """Numbers in a vector."""
        return int(self._vectors.shape[1])

    def embed(self, texts: Sequence[str]) -> Embeddings:
        """Return a vector of length one for each text, zeros for a text without a word."""
        means = np.zeros((len(texts), self.width), np.float32)
        for at, text in enumerate(texts):
            if (words := plain_text(text)) and (pieces := self._pieces(words)):
                means[at] = self._vectors[pieces].mean(0)
        return of_length_one(means)

    def _pieces(self, words: str) -> list[int]:
        return self._tokenizer.encode(words, add_special_tokens=False).ids


def load_word_vectors() -> WordVectors:
    """Return the model that is installed with `foreshot[text]`.

    The package's own loader looks for the tokenizer in a folder that the package does not have and would
    fetch it from the network, so its two files are read here.

    Raises:
        UsageError: The packages are not installed, or hold other files.
    """
    found = find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations or find_spec("tokenizers") is None:
        raise UsageError(_NEEDED)
    from tokenizers import Tokenizer  # noqa: PLC0415 - an extra that few installations have

    folder = Path(found.submodule_search_locations[0])
    try:
        weights, cutting = (folder / _WEIGHTS).read_bytes(), (folder / _TOKENIZER).read_bytes()
    except FileNotFoundError as error:
        raise UsageError(f"{_NEEDED}; the one that is installed lacks {error.filename}") from error
    vectors = load(weights)[_TENSOR].astype(np.float32)
    digest = hashlib.sha256(weights + cutting).hexdigest()[:16]
    return WordVectors(f"{_PACKAGE}:{digest}", vectors, Tokenizer.from_buffer(cutting))

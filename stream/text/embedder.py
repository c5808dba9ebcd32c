"""What turns texts into vectors."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Embeddings = npt.NDArray[np.float32]
"""One text a row, float32 [texts, width], each of length one or all zeros."""


class Embedder(Protocol):
    """A model of texts. A fake stands in for it in tests."""

    @property
    def name(self) -> str:
        """Which model, with a digest of its weights: equal names make equal vectors."""

    @property
    def width(self) -> int:
        """Numbers in a vector."""

    def embed(self, texts: Sequence[str]) -> Embeddings:
        """Return a vector of length one for each text, zeros for a text without a word.

        No text raises an error, whatever it holds; of a long one the first 4,096 characters count.
        """


def of_length_one(vectors: npt.NDArray[np.floating]) -> Embeddings:
    """Return vectors over their length; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Embeddings = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0).astype(np.float32)
    return found
